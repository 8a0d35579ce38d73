// file.hpp — files, on the threads of the default executor: a disk that is slow stops no loop.
//
// Threads:    any task; several operations on one file may be under way, each with its own offset
//             or, without one, in the order in which the kernel gets them.
// Memory:     what is read or written lies in the operation.
// Cancel:     at once; a call that has begun goes on, and its result is dropped.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/async_generator.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/io/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <fcntl.h>

namespace eddy::inline v0 {

/// Errors: std::system_error that names the operation and the path; EBADF after close().
class EDDY_API file {
public:
    /// None.
    file() noexcept;
    file(file&&) noexcept;
    file& operator=(file&&) noexcept;
    /// Closes it when no operation is under way any more; a late error is dropped.
    ~file();

    [[nodiscard]] const std::string& path() const noexcept;
    [[nodiscard]] explicit operator bool() const noexcept { return open_ != nullptr; }

    // -- at the file's own offset --

    /// At most `bytes_max` bytes; empty at the end.
    [[nodiscard]] coro<std::string> read(std::size_t bytes_max);
    /// Everything from here to the end.
    [[nodiscard]] coro<std::string> read_all();
    /// Writes all of `bytes`.
    [[nodiscard]] coro<> write(std::string bytes);
    /// The lines from here on, with their "\n".
    [[nodiscard]] async_generator<std::string> lines();

    // -- at an offset --

    /// At most `bytes_max` bytes from `offset` on; fewer only at the end.
    [[nodiscard]] coro<std::string> pread(std::size_t bytes_max, std::int64_t offset);
    /// Writes all of `bytes` from `offset` on.
    [[nodiscard]] coro<> pwrite(std::string bytes, std::int64_t offset);

    // -- the file --

    /// What was written is on the disk.
    [[nodiscard]] coro<> fsync();
    /// The same without times and other data that nobody needs to read it again.
    [[nodiscard]] coro<> fdatasync();
    [[nodiscard]] coro<std::int64_t> size();
    /// Throws a late error of a write, unless an operation is still under way: then it is closed
    /// after that.
    [[nodiscard]] coro<> close();

private:
    struct opened;
    explicit file(std::shared_ptr<opened> of) noexcept;
    friend coro<file> open(std::string path, int flags, unsigned permissions);

    static int usable(const std::shared_ptr<opened>& of, const char* operation);

    std::shared_ptr<opened> open_; // shared with the operations
};

/// Opens a file; `flags` and `permissions` as open(2) has them.
/// Throws: std::system_error that names the path; std::invalid_argument for a zero byte in it.
/// Example: docs/examples/files.cpp
[[nodiscard]] EDDY_API coro<file> open(std::string path, int flags = O_RDONLY,
                                       unsigned permissions = 0666);

} // namespace eddy::inline v0
