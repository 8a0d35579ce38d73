// callback_entrance.hpp — where callbacks are posted to a loop by who cannot know whether that is
// still there.
//
// Threads:    all: any thread.
// Invariants: I1  whoever is let in has posted before close() returns.

#pragma once

#include <eddy/core/scheduler.hpp>

#include <mutex>

namespace eddy::inline v0 {

class callback_entrance {
public:
    explicit callback_entrance(scheduler& to) noexcept : to_(&to) {}
    callback_entrance(const callback_entrance&) = delete;
    callback_entrance& operator=(const callback_entrance&) = delete;

    /// As scheduler::post_callback. False: this is closed, and `item` is still the caller's.
    [[nodiscard]] bool post(callback& item) noexcept;
    void close() noexcept;

private:
    std::mutex lock_;
    scheduler* to_; // lock_ guards it; null: closed
};

} // namespace eddy::inline v0
