// threads.cpp — ping-pong between two threads over a mutex and a condition variable.

#include "common.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace eddy::compare::ping_pong {

namespace {

enum class side { ping, pong };

class table {
public:
    // Waits for the turn of `mine`, then gives it to the other side.
    void hit(side mine) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return turn_ == mine; });
        turn_ = mine == side::ping ? side::pong : side::ping;
        ++hits_;
        lock.unlock();
        changed_.notify_one();
    }

    [[nodiscard]] std::uint64_t hits() const noexcept { return hits_; }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    side turn_ = side::ping;
    std::uint64_t hits_ = 0;
};

void play(metrics& found, const std::string& placement) {
    table table;
    const meter time;
    std::thread other([&] {
        for (std::uint64_t i = 0; i < kernel_round_trips; ++i) {
            table.hit(side::pong);
        }
    });
    for (std::uint64_t i = 0; i < kernel_round_trips; ++i) {
        table.hit(side::ping);
    }
    other.join();
    add_round_trip(found, placement, kernel_round_trips, table.hits(), time);
}

} // namespace

metrics run_threads(const request&) {
    return played(play);
}

} // namespace eddy::compare::ping_pong
