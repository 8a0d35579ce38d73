// watch_table.hpp — the add_reader and add_writer functions of one loop, by descriptor.
//
// Threads:    all: any thread.
// Invariants: I1  a watch is armed in the reactor, or its callback is queued or runs, or it has
//                 been removed.

#pragma once

#include <eddy/io/reactor.hpp>
#include <eddy/sched/event_loop.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace eddy::inline v0 {

class worker;

class watch_table {
public:
    explicit watch_table(worker& owner) noexcept : owner_(owner) {}
    ~watch_table() { clear(); }
    watch_table(const watch_table&) = delete;
    watch_table& operator=(const watch_table&) = delete;

    /// Throws: std::system_error.
    void add(int fd, interest what, event_loop::function fn);
    /// False: there was none.
    bool remove(int fd, interest what);
    void clear() noexcept;

private:
    class watch;

    /// As remove, with the lock held; `gone` has the watch then.
    bool remove_locked(int fd, interest what, std::shared_ptr<watch>& gone);

    worker& owner_;
    std::mutex lock_;
    std::array<std::unordered_map<int, std::shared_ptr<watch>>, 2> watches_; // by interest
};

} // namespace eddy::inline v0
