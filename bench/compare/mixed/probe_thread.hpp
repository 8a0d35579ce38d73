// probe_thread.hpp — a thread that serves the probe while the jobs run.
//
// Threads:    finish() and the destructor: the thread that made it.

#pragma once

#include "common.hpp"
#include <eddy/base/atomic.hpp>

#include <thread>

namespace eddy::compare::mixed {

class probe_thread {
public:
    probe_thread() : thread_([this] { serve_until_over(); }) {}
    probe_thread(const probe_thread&) = delete;
    probe_thread& operator=(const probe_thread&) = delete;
    ~probe_thread() { stop(); }

    /// Serves the ticks that are due by now, then adds what was found.
    void finish(metrics& found) {
        stop();
        lateness_.add_to(found);
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

} // namespace eddy::compare::mixed
