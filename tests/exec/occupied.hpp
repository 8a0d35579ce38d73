// occupied.hpp — threads of a pool that are kept busy.

#pragma once

#include <eddy/eddy.hpp>

#include <latch>
#include <thread>
#include <utility>
#include <vector>

namespace eddy {

// Keeps `count` threads of a pool busy until it dies, or release().
class occupied {
public:
    occupied(thread_pool_executor& pool, int count) : begun_(count) {
        for (int i = 0; i != count; ++i) {
            jobs_.push_back(pool.submit([this] {
                begun_.count_down();
                release_.wait();
            }));
        }
        begun_.wait();
    }
    void release() {
        if (!std::exchange(released_, true)) {
            release_.count_down();
        }
    }
    ~occupied() {
        release();
        for (const future<>& each : jobs_) {
            while (!each.done()) { // they use what is here
                std::this_thread::yield();
            }
        }
    }

private:
    std::latch begun_;
    std::latch release_{1};
    bool released_ = false;
    std::vector<future<>> jobs_;
};

} // namespace eddy
