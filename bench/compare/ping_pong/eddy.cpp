// eddy.cpp — ping-pong between two tasks over futures: every hand-over is a promise that is kept.
//
// Threads:    one_core: one worker, so both sides are on it. any_core: wherever the runtime puts
//             them.
// Invariants: I1  a side asks for the future of its next ball before it hits the one it has.

#include "common.hpp"
#include <eddy/eddy.hpp>

#include <utility>

namespace eddy::compare::ping_pong {

namespace {

// The way of the ball to one side.
class lane {
public:
    [[nodiscard]] eddy::future<std::uint64_t> next_ball() { return next_.get_future(); }

    void hit(std::uint64_t ball) {
        // The next promise first: the other side may hit back before set_value returns.
        eddy::promise<std::uint64_t> current = std::exchange(next_, {});
        current.set_value(ball);
    }

private:
    eddy::promise<std::uint64_t> next_;
};

eddy::coro<> pong(lane& there, lane& back, eddy::future<std::uint64_t> next) {
    for (std::uint64_t i = 0; i < coroutine_round_trips; ++i) {
        const std::uint64_t ball = co_await next;
        next = there.next_ball();
        back.hit(ball + 1);
    }
}

eddy::coro<metrics> play(const char* placement) {
    metrics found;
    lane there;
    lane back;
    const meter time;
    eddy::task<> other = eddy::create_task(pong(there, back, there.next_ball()));
    std::uint64_t ball = 0;
    for (std::uint64_t i = 0; i < coroutine_round_trips; ++i) {
        auto next = back.next_ball();
        there.hit(ball);
        ball = co_await next;
    }
    co_await other;
    add_round_trip(found, placement, coroutine_round_trips, 2 * ball, time);
    co_return found;
}

} // namespace

metrics run_coroutines(const request& asked) {
    const char* placement = asked.cores == 1 ? "one_core" : "any_core";
    return eddy::run(play(placement), {.workers = asked.cores});
}

} // namespace eddy::compare::ping_pong
