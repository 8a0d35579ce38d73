// hand_over_bench.cpp — two tasks wake each other in turn.
//
// Question: what does a hand-over cost on one worker, and does a second worker make it dearer when
//           it may steal (unpinned), and when it must be woken each time (pinned)?
// Unit:     ns a round trip, which is two hand-overs; and context switches a round trip.
// Valid if: nothing else runs. Between two workers times have two humps: some µs if the other one
//           is still looking for work, some tens of µs if the kernel has to wake it; hence the
//           switches.

#include "bench.hpp"
#include "compare/meter.hpp"

#include <chrono>
#include <utility>

namespace {

using namespace eddy; // memory orders
using eddy::bench::check;
using eddy::compare::usage;

// An event that one task at a time waits for and that resets itself: the least a hand-over needs.
class baton {
public:
    class take_op final : public eddy::op {
    public:
        explicit take_op(baton& from) noexcept : from_(&from) {}
        take_op(take_op&&) noexcept = default;

        [[nodiscard]] bool await_ready() const noexcept { return from_->take_passed(); }
        bool await_suspend(eddy::promise_base& promise) {
            return park(promise, [this] {
                if (!from_->wait(*this)) {
                    wake();
                }
            });
        }
        void await_resume() const { check_aborted(); }

        void complete() noexcept { wake(); }
        eddy::abort_result abort() noexcept override {
            take_op* self = this;
            return from_->waiter_.compare_exchange_strong(self, nullptr, acq_rel, relaxed)
                       ? eddy::abort_result::aborted
                       : eddy::abort_result::completed;
        }

    private:
        baton* from_;
    };

    [[nodiscard]] take_op take() noexcept { return take_op(*this); }

    void pass() noexcept {
        take_op* waiter = waiter_.exchange(passed(), acq_rel);
        if (waiter != nullptr) {
            waiter_.store(nullptr, relaxed);
            waiter->complete();
            // GONE: the waiter has its baton.
        }
    }

private:
    static take_op* passed() noexcept { return reinterpret_cast<take_op*>(alignof(take_op)); }

    bool take_passed() noexcept {
        take_op* expected = passed();
        return waiter_.load(relaxed) == expected &&
               waiter_.compare_exchange_strong(expected, nullptr, acquire, relaxed);
    }
    // False: it has been passed meanwhile, and is taken.
    bool wait(take_op& waiter) noexcept {
        take_op* nobody = nullptr;
        return waiter_.compare_exchange_strong(nobody, &waiter, acq_rel, relaxed) || !take_passed();
    }

    eddy::atomic<take_op*> waiter_{nullptr};
};

class round_trips {
public:
    explicit round_trips(benchmark::State& state) noexcept : state_(state) {}

    void report() {
        const auto count = static_cast<double>(state_.iterations());
        state_.counters["switches"] =
            static_cast<double>(usage::now().switches - before_.switches) / count;
    }

private:
    benchmark::State& state_;
    usage before_ = usage::now();
};

struct court {
    baton there;
    baton back;
    std::int64_t hits = 0;
    bool over = false; // written before there.pass()
};

eddy::coro<> pong(court& court) {
    for (;;) {
        co_await court.there.take();
        if (court.over) {
            co_return;
        }
        ++court.hits;
        court.back.pass();
    }
}

eddy::coro<> ping(benchmark::State& state, court& court) {
    round_trips trips(state);
    for (auto _ : state) {
        court.there.pass();
        co_await court.back.take();
    }
    trips.report();
    court.over = true;
    court.there.pass();
}

eddy::coro<> event_ping_pong(benchmark::State& state) {
    court court;
    const eddy::task<> other = eddy::create_task(pong(court));
    co_await ping(state, court);
    co_await other;
    check(court.hits, state.iterations(), "hits");
}
EDDY_BENCH(event_ping_pong);

// The way of the ball to one side: a promise for each hit.
class lane {
public:
    [[nodiscard]] eddy::future<bool> next_ball() { return next_.get_future(); }
    void hit(bool more) {
        // The next promise first: the other side may hit back before set_value returns.
        eddy::promise<bool> current = std::exchange(next_, {});
        current.set_value(more);
    }

private:
    eddy::promise<bool> next_;
};

eddy::coro<std::int64_t> promise_pong(lane& there, lane& back, eddy::future<bool> next) {
    std::int64_t hits = 0;
    while (co_await next) {
        ++hits;
        next = there.next_ball();
        back.hit(true);
    }
    co_return hits;
}

eddy::coro<> promise_ping_pong(benchmark::State& state) {
    lane there;
    lane back;
    auto other = eddy::create_task(promise_pong(there, back, there.next_ball()));
    round_trips trips(state);
    for (auto _ : state) {
        auto next = back.next_ball();
        there.hit(true);
        co_await next;
    }
    trips.report();
    there.hit(false);
    check(co_await other, state.iterations(), "hits");
}
EDDY_BENCH(promise_ping_pong);

// Makes `body` a pinned task of the loop that runs this; empty if that is not `wanted`.
eddy::coro<eddy::task<>> pin_here(const eddy::event_loop& wanted, court& court) {
    if (&eddy::get_running_loop() != &wanted) {
        co_return eddy::task<>();
    }
    co_return eddy::create_task(pong(court), {.pinned = true});
}

// Starts it from the first loop, which keeps busy meanwhile: idle, it would steal it back.
eddy::coro<eddy::task<>> pin_to(eddy::event_loop& loop, court& court) {
    for (;;) {
        auto trial = eddy::run_coroutine_threadsafe(pin_here(loop, court), loop);
        const auto given_up = eddy::clock::now() + std::chrono::milliseconds(10);
        while (!trial.done() && eddy::clock::now() < given_up) {
        }
        if (eddy::task<> pinned = co_await trial.handle(); pinned.valid()) {
            co_return pinned;
        }
    }
}

eddy::coro<> pinned_main(benchmark::State& state, eddy::runtime& runtime) {
    court court;
    const unsigned elsewhere = &eddy::get_running_loop() == &runtime.loop(0) ? 1 : 0;
    const eddy::task<> other = co_await pin_to(runtime.loop(elsewhere), court);
    co_await ping(state, court);
    co_await other;
    check(court.hits, state.iterations(), "hits");
}

void pinned_ping_pong(benchmark::State& state) {
    eddy::runtime runtime({.workers = 2});
    runtime.run_until_complete(pinned_main(state, runtime), {.pinned = true});
}
BENCHMARK(pinned_ping_pong)->UseRealTime()->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
