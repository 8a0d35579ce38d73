// inotify.hpp — changes of files and folders, as an async iterable.
//
//     eddy::inotify changes;
//     changes.watch("/etc");
//     EDDY_FOR(const eddy::file_event each, changes) { … }
//
// Threads:    one task takes events at a time; watch and unwatch: that task, or while none does.
// Memory:     a descriptor, and what came in one read.
// Cancel:     at once; no event is lost by it.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/sched/async_fd.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/inotify.h>

namespace eddy::inline v0 {

/// Something has changed; the bits as inotify(7) has them.
struct file_event {
    std::string watched;      // the path that watch() was given; empty: IN_Q_OVERFLOW
    std::string name;         // in that folder; empty: the watched thing itself
    std::uint32_t mask = 0;   // IN_CREATE …
    std::uint32_t cookie = 0; // the same in the two halves of a rename
};

class EDDY_API inotify {
public:
    static constexpr std::uint32_t changes = IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE |
                                             IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                                             IN_MOVE_SELF | IN_ATTRIB;

    /// Throws: std::system_error (EMFILE).
    inotify();

    /// Reports what of `mask` happens to `path`, or in it if it is a folder; not in folders below.
    /// Throws: std::system_error that names the path.
    void watch(const std::string& path, std::uint32_t mask = changes);
    /// False: it is not watched.
    bool unwatch(const std::string& path);

    /// Waits for the next event. Never empty. If the kernel had no room for all of them one comes
    /// that says IN_Q_OVERFLOW: look for yourself what has changed.
    /// Throws: std::system_error: EBUSY if another task waits; EBADF after close().
    [[nodiscard]] coro<std::optional<file_event>> next();
    void close() noexcept { (void)fd_.close(); }

private:
    void unpack(std::size_t bytes);

    async_fd fd_;
    std::map<int, std::string> watched_;
    std::vector<std::byte> buffer_;
    std::vector<file_event> ready_; // the first one last
};

} // namespace eddy::inline v0
