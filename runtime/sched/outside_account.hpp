// outside_account.hpp — how many jobs of a runtime are with other threads; may outlive the runtime.
//
// Threads:    all: any thread.  close: before the runtime goes.
// Pairs:      P1  jobs_: end -> any         who finds none sees what the jobs have posted

#pragma once

#include <eddy/base/atomic.hpp>

#include <cstdint>
#include <mutex>

namespace eddy::inline v0 {

class runtime_core;

class outside_account {
public:
    explicit outside_account(runtime_core& of) noexcept : runtime_(&of) {}

    void begin() noexcept { jobs_.fetch_add(1, relaxed); } // count: before the job is handed on
    /// One is over: a virtual clock may go on.
    void end() noexcept;
    [[nodiscard]] bool any() const noexcept { return jobs_.load(acquire) != 0; } // P1
    /// The runtime is told nothing any more.
    void close() noexcept;

private:
    atomic<std::int64_t> jobs_{0};
    std::mutex gate_;
    runtime_core* runtime_;
};

} // namespace eddy::inline v0
