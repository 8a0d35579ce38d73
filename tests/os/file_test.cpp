// file_test.cpp — files on the blocking pool.
//
// Covers:    reading, writing, offsets, lines, size, sync, short calls, errors that name the path.

#include <eddy/base/fault_plan.hpp>
#include <eddy/os/file.hpp>
#include <eddy/testing/co_test.hpp>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

namespace eddy {
namespace {

// A folder that goes with the test.
class folder {
public:
    folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "eddy-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~folder() { std::filesystem::remove_all(path_); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

template <typename T>
std::string message_of(const outcome<T>& failed) {
    try {
        (void)failed.value();
    } catch (const std::system_error& error) {
        return error.what();
    }
    return {};
}

CO_TEST(file, what_is_written_is_read_again) {
    const folder here;
    file out = co_await open(here / "a", O_RDWR | O_CREAT);
    EXPECT_EQ(out.path(), here / "a");
    co_await out.write("hello ");
    co_await out.write("world");
    EXPECT_EQ(co_await out.size(), 11);
    co_await out.fsync();
    co_await out.fdatasync();
    EXPECT_EQ(co_await out.pread(5, 6), "world");
    EXPECT_EQ(co_await out.pread(100, 6), "world");
    EXPECT_EQ(co_await out.pread(100, 11), "");
    co_await out.pwrite("W", 6);
    co_await out.close();
    file in = co_await open(here / "a");
    EXPECT_EQ(co_await in.read(6), "hello ");
    EXPECT_EQ(co_await in.read_all(), "World");
    EXPECT_EQ(co_await in.read(6), "");
}

CO_TEST(file, lines_come_with_their_ends) {
    const folder here;
    file out = co_await open(here / "a", O_WRONLY | O_CREAT);
    const std::string big(300'000, 'x');
    co_await out.write("one\n\n" + big + "\nlast");
    file in = co_await open(here / "a");
    std::vector<std::string> got;
    EDDY_FOR(std::string line, in.lines()) {
        got.push_back(std::move(line));
    }
    EXPECT_EQ(got, (std::vector<std::string>{"one\n", "\n", big + "\n", "last"}));
}

CO_TEST(file, a_path_that_would_be_cut_short_is_refused) {
    const folder here;
    const std::string path = here / "a";
    co_await (co_await open(path, O_WRONLY | O_CREAT)).close();
    EXPECT_TRUE(
        (co_await as_result(open(path + std::string("\0.txt", 5)))).holds<std::invalid_argument>());
}

CO_TEST(file, errors_name_the_operation_and_the_path) {
    const folder here;
    const auto missing = co_await as_result(open(here / "missing"));
    EXPECT_NE(message_of(missing).find("open " + (here / "missing")), std::string::npos);
    file out = co_await open(here / "a", O_WRONLY | O_CREAT);
    EXPECT_NE(message_of(co_await as_result(out.read(1))).find("read " + (here / "a")),
              std::string::npos);
    co_await out.close();
    EXPECT_NE(message_of(co_await as_result(out.write("x"))).find("write a file that is closed"),
              std::string::npos);
    EXPECT_FALSE(static_cast<bool>(out));
}

TEST(file, short_calls_lose_nothing) {
    const folder here;
    run_virtual(1, [&]() -> coro<> {
        sys::fault_plan plan;
        plan.shorten(sys::call::write, 1, 1, 5);
        plan.shorten(sys::call::pread, 1, 2, 3);
        plan.fail(sys::call::pwrite, 1, EINTR, 2);
        file f = co_await open(here / "a", O_RDWR | O_CREAT);
        co_await f.write("0123456789");
        EXPECT_EQ(co_await f.pread(10, 0), "0123456789");
        co_await f.pwrite("x", 0);
        EXPECT_EQ(co_await f.pread(1, 0), "x");
    });
}

TEST(file, a_full_disk_is_an_error_of_write_and_of_sync) {
    const folder here;
    run_virtual(1, [&]() -> coro<> {
        file f = co_await open(here / "a", O_RDWR | O_CREAT);
        sys::fault_plan plan;
        plan.fail(sys::call::write, 1, ENOSPC);
        plan.fail(sys::call::fsync, 1, EIO);
        plan.fail(sys::call::close, 1, EIO);
        EXPECT_NE(message_of(co_await as_result(f.write("x"))).find("No space left"),
                  std::string::npos);
        EXPECT_NE(message_of(co_await as_result(f.fsync())).find("fsync " + (here / "a")),
                  std::string::npos);
        EXPECT_NE(message_of(co_await as_result(f.close())).find("close " + (here / "a")),
                  std::string::npos);
    });
}

} // namespace
} // namespace eddy
