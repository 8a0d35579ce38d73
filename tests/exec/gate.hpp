// gate.hpp — files by which a call, maybe in another process, and a test tell each other where they
// are.

#pragma once

#include <eddy/eddy.hpp>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eddy {

/// A place where calls stop until the test lets them go on, and where they leave notes. The test
/// makes it; a call knows the path alone.
class gate {
public:
    gate() {
        std::string name = (std::filesystem::temp_directory_path() / "eddy-gate-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr || ::mkfifo((name + "/stop").c_str(), 0600) != 0) {
            throw std::runtime_error("no gate can be made in " + name);
        }
        path_ = name;
    }
    ~gate() {
        open();
        ::close(opened_);
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    // -- the call --

    /// Leaves a note and blocks until the gate is open.
    static void pass(const std::string& path) {
        note(path);
        const int fd = ::open((path + "/stop").c_str(), O_RDONLY | O_CLOEXEC); // until it is opened
        if (fd >= 0) {
            ::close(fd);
        }
    }
    static void note(const std::string& path) {
        const int fd =
            ::open((path + "/notes").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0 || ::write(fd, "x", 1) != 1) {
            std::abort();
        }
        ::close(fd);
    }

    // -- the test --

    [[nodiscard]] std::size_t notes() const {
        std::error_code none;
        const auto size = std::filesystem::file_size(path_ + "/notes", none);
        return none ? 0 : static_cast<std::size_t>(size);
    }
    /// Waits until `calls` have left a note.
    [[nodiscard]] coro<> reached(std::size_t calls) const {
        while (notes() < calls) {
            co_await yield();
        }
    }
    void wait_until_reached(std::size_t calls) const {
        while (notes() < calls) {
            std::this_thread::yield();
        }
    }
    /// Lets those that are there go on, and those that come later.
    void open() {
        if (opened_ < 0) {
            opened_ = ::open((path_ + "/stop").c_str(), O_RDWR | O_CLOEXEC);
        }
    }

private:
    std::string path_;
    int opened_ = -1;
};

} // namespace eddy
