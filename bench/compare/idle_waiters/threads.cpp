// threads.cpp — idle waiters, one std::thread each with the default stack, waiting on a futex.

#include "common.hpp"

#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

namespace eddy::compare::idle_waiters {

namespace {

class waiting_threads {
public:
    explicit waiting_threads(std::size_t count) : started_(static_cast<std::ptrdiff_t>(count)) {
        threads_.reserve(count);
    }
    waiting_threads(const waiting_threads&) = delete;
    waiting_threads& operator=(const waiting_threads&) = delete;
    // Also when the system refused a thread: those that exist wait for the release.
    ~waiting_threads() { end_all(); }

    void start_all() {
        while (threads_.size() < threads_.capacity()) {
            threads_.emplace_back([this] {
                started_.count_down();
                release_.wait();
            });
        }
        started_.wait();
    }

    void end_all() {
        if (!release_.try_wait()) {
            release_.count_down();
        }
        for (std::thread& waiter : threads_) {
            waiter.join();
        }
        threads_.clear();
    }

private:
    std::latch started_;
    std::latch release_{1};
    std::vector<std::thread> threads_;
};

} // namespace

metrics run_threads(const request& asked) {
    record record;
    waiting_threads waiters(asked.size);
    waiters.start_all();
    record.all_waiting();
    waiters.end_all();
    return record.all_ended(asked.size);
}

} // namespace eddy::compare::idle_waiters
