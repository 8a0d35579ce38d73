// inotify_test.cpp — changes of files.
//
// Covers:    what happens in a folder, several at once, unwatch, cancel, errors that name the path.

#include <eddy/os/inotify.hpp>
#include <eddy/testing/co_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace eddy {
namespace {

using namespace std::chrono_literals;

class watched_folder : public testing::Test {
protected:
    watched_folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "eddy-XXXXXX").string();
        path = ::mkdtemp(pattern.data());
    }
    ~watched_folder() override { std::filesystem::remove_all(path); }
    void touch(const char* name) const { std::ofstream(path + "/" + name) << "x"; }

    std::string path;
};

CO_TEST_F(watched_folder, tells_what_happens_in_it) {
    inotify changes;
    changes.watch(path, IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO);
    touch("a");
    std::filesystem::rename(path + "/a", path + "/b");
    std::filesystem::remove(path + "/b");
    const auto created = co_await changes.next();
    EXPECT_EQ(created->name, "a");
    EXPECT_EQ(created->watched, path);
    EXPECT_EQ(created->mask, IN_CREATE);
    const auto from = co_await changes.next();
    const auto to = co_await changes.next();
    EXPECT_EQ(from->mask, IN_MOVED_FROM);
    EXPECT_EQ(to->mask, IN_MOVED_TO);
    EXPECT_EQ(from->cookie, to->cookie);
    EXPECT_EQ((co_await changes.next())->mask, IN_DELETE);
}

CO_TEST_F(watched_folder, a_task_waits_for_a_change_and_a_cancel_loses_none) {
    inotify changes;
    changes.watch(path, IN_CREATE);
    EXPECT_TRUE((co_await as_result(wait_for(changes.next(), 1ms))).holds<timeout_error>());
    touch("a");
    EXPECT_EQ((co_await changes.next())->name, "a");
    EXPECT_TRUE(changes.unwatch(path));
    EXPECT_FALSE(changes.unwatch(path));
    touch("b");
    EXPECT_TRUE((co_await as_result(wait_for(changes.next(), 1ms))).holds<timeout_error>());
}

CO_TEST(inotify, what_cannot_be_watched_is_named) {
    inotify changes;
    try {
        changes.watch("/no/such/folder");
        ADD_FAILURE();
    } catch (const std::system_error& error) {
        EXPECT_NE(std::string(error.what()).find("watch /no/such/folder"), std::string::npos);
    }
    co_return;
}

} // namespace
} // namespace eddy
