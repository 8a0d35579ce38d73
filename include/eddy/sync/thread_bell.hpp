// thread_bell.hpp — lets a thread that runs no loop sleep until it is rung for.
//
// Threads:    ring: any thread, once.  wait: the one that sleeps.
// Invariants: I1  ring() has let go of the bell when wait() gives true.

#pragma once

#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>

#include <condition_variable>
#include <mutex>

namespace eddy::inline v0 {

class EDDY_API thread_bell {
public:
    thread_bell() = default;
    thread_bell(const thread_bell&) = delete;
    thread_bell& operator=(const thread_bell&) = delete;

    void ring() noexcept;
    /// True: it was rung. False: it is `deadline`; time_point::max() never comes.
    [[nodiscard]] bool wait(clock::time_point deadline);

private:
    std::mutex lock_;
    std::condition_variable changed_;
    bool rung_ = false;
};

} // namespace eddy::inline v0
