// probe_thread.hpp — a thread that serves the probe while something else runs.
//
// Threads:    finish() and the destructor: the thread that made it.

#pragma once

#include "lateness.hpp"
#include <eddy/base/atomic.hpp>

#include <concepts>
#include <thread>

namespace eddy::compare {

class probe_thread {
public:
    probe_thread() : thread_([this] { serve_until_over(); }) {}
    probe_thread(const probe_thread&) = delete;
    probe_thread& operator=(const probe_thread&) = delete;
    ~probe_thread() { stop(); }

    /// Serves the ticks that are due by now, then says how late all of them were.
    [[nodiscard]] const lateness& finish() {
        stop();
        lateness_.serve_missed();
        return lateness_;
    }

private:
    void serve_until_over() {
        while (!over_.load(relaxed)) { // hint: a stale value costs one more tick
            const auto due = lateness_.next_due();
            std::this_thread::sleep_until(due);
            lateness_.serve(due);
        }
    }

    void stop() {
        over_.store(true, relaxed); // hint: seen at the next tick
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    lateness lateness_;
    eddy::atomic<bool> over_ = false;
    std::thread thread_; // last: it uses the others
};

/// Does `work` while such a thread serves the probe.
template <std::invocable Work>
[[nodiscard]] probed with_probe_thread(Work work) {
    probe_thread probe;
    const meter time;
    work();
    probed found{.wall = time.wall(), .cpu = time.used().cpu};
    found.late = probe.finish();
    return found;
}

} // namespace eddy::compare
