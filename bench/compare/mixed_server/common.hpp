// common.hpp — mixed server: requests come at their times; few of them burn CPU for long.
//
// A thread of its own puts a request at each due time, evenly, whether the ones before are answered
// or not. One in a hundred, at random but the same for every model, burns 5 ms, the others 50 µs.
// There are as many requests a second for each core as take 20 % of it, if starting them is free.
//
// Size:     the number of requests.
// Measured: the time from when a light request was due until it was answered (p50_ns, p99_ns,
//           max_ns), the same for heavy ones (heavy_p50_ns, heavy_p99_ns), the whole (total_ns),
//           and its CPU time (cpu_ns).

#pragma once

#include "../contender.hpp"
#include "../meter.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace eddy::compare::mixed_server {

[[nodiscard]] metrics run_on_loop(const request& asked);
[[nodiscard]] metrics run_thread_pool(const request& asked);
[[nodiscard]] metrics run_process_pool(const request& asked);
[[nodiscard]] metrics run_tbb_executor(const request& asked);
[[nodiscard]] metrics run_threads(const request& asked);
[[nodiscard]] metrics run_processes(const request& asked);

/// What a heavy request has to compute, wherever that is. Blocks its thread.
void burn_heavy();
/// What a light one has to.
void burn_light();

/// The requests: when each is due, what it is, and when it was answered. Processes share it.
///
/// Threads: put: one; due, is_heavy, answered: any, also of forked processes.
class requests {
public:
    explicit requests(const request& asked);
    requests(const requests&) = delete;
    requests& operator=(const requests&) = delete;
    ~requests();

    /// Calls `start(index)` for each request when it is due. Before the first one, there is a
    /// moment for what was started to settle.
    template <typename Start>
    void put(Start start) {
        begin();
        for (std::size_t i = 0; i < answered_.size(); ++i) {
            wait_until_due(i);
            start(i);
        }
    }

    [[nodiscard]] std::size_t count() const noexcept { return answered_.size(); }
    [[nodiscard]] bool is_heavy(std::size_t index) const noexcept;

    /// Answers request `index` here and now.
    void answer_here(std::size_t index) noexcept;
    /// Says that it is answered.
    void answered(std::size_t index) noexcept;

    /// CPU time includes that of child processes which have been reaped.
    ///
    /// Throws: `wrong_result` if any was not answered.
    [[nodiscard]] metrics result() const;

private:
    void begin();
    void wait_until_due(std::size_t index) const;
    [[nodiscard]] clock::time_point due(std::size_t index) const noexcept;

    std::chrono::nanoseconds period_;
    std::span<std::int64_t> answered_; // ns after it was due; 0: not yet. In shared memory.
    clock::time_point start_;
    usage before_;
};

} // namespace eddy::compare::mixed_server
