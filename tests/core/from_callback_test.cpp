// from_callback_test.cpp — awaiting an operation that calls back.
//
// Covers:    callbacks at once, later, from another thread, twice, never; C's void*; failures;
//            cancels with and without a function that stops.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

/// Operations that somebody completes by hand.
class pending_calls {
public:
    void start(std::function<void(int)> done) { calls_.push_back(std::move(done)); }
    void call(int value) {
        auto calls = std::exchange(calls_, {});
        for (const auto& each : calls) {
            each(value);
        }
    }
    void forget() { calls_.clear(); }

private:
    std::vector<std::function<void(int)>> calls_;
};

CO_TEST(from_callback, gives_what_the_callback_is_called_with) {
    pending_calls api;
    const auto task = create_task(
        [](pending_calls& api) -> coro<int> {
            co_return co_await from_callback<int>(
                [&](completion<int> done) { api.start(std::move(done)); });
        },
        std::ref(api));
    co_await sleep(1ms);
    EXPECT_FALSE(task.done());
    api.call(7);
    EXPECT_EQ(co_await task, 7);
}

CO_TEST(from_callback, may_be_called_back_before_the_operation_has_started) {
    EXPECT_EQ(co_await from_callback<int>([](auto done) { done(7); }), 7);
    co_await from_callback([](auto done) { done(); });
}

CO_TEST(from_callback, starts_nothing_until_it_is_awaited) {
    bool started = false;
    auto operation = from_callback<int>([&](auto done) {
        started = true;
        done(1);
    });
    co_await yield();
    EXPECT_FALSE(started);
    EXPECT_EQ(co_await std::move(operation), 1);
    EXPECT_TRUE(started);
}

CO_TEST(from_callback, gives_move_only_values_and_references) {
    const auto owned = co_await from_callback<std::unique_ptr<int>>(
        [](auto done) { done(std::make_unique<int>(7)); });
    EXPECT_EQ(*owned, 7);
    int target = 0;
    EXPECT_EQ(&co_await from_callback<int&>([&](auto done) { done(target); }), &target);
    const auto pair =
        co_await from_callback<std::pair<int, std::string>>([](auto done) { done({1, "one"}); });
    EXPECT_EQ(pair.second, "one");
}

CO_TEST(from_callback, ignores_all_calls_but_the_first) {
    std::vector<bool> counted;
    const int value = co_await from_callback<int>([&](completion<int> done) {
        EXPECT_FALSE(done.done());
        counted = {done(1), done(2), done.fail(std::make_exception_ptr(std::runtime_error("no")))};
        EXPECT_TRUE(done.done());
    });
    EXPECT_EQ(value, 1);
    EXPECT_EQ(counted, (std::vector{true, false, false}));
}

CO_TEST(from_callback, throws_what_the_operation_fails_with) {
    auto operation = from_callback<int>([](completion<int> done) {
        done.fail(std::make_exception_ptr(std::runtime_error("broken")));
    });
    EXPECT_TRUE((co_await as_result(std::move(operation))).holds<std::runtime_error>());
}

CO_TEST(from_callback, throws_the_failure_of_an_operation_without_a_result) {
    auto operation = from_callback([](completion<> done) {
        done.fail(std::make_exception_ptr(std::runtime_error("broken")));
    });
    EXPECT_TRUE((co_await as_result(std::move(operation))).holds<std::runtime_error>());
}

CO_TEST(from_callback, takes_no_failure_without_an_exception) {
    const int value = co_await from_callback<int>([](completion<int> done) {
        EXPECT_FALSE(done.fail(nullptr));
        done(1);
    });
    EXPECT_EQ(value, 1);
}

CO_TEST(from_callback, throws_what_the_initiator_throws) {
    auto operation = from_callback<int>(
        [](completion<int> /*done*/) { throw std::runtime_error("not started"); });
    EXPECT_TRUE((co_await as_result(std::move(operation))).holds<std::runtime_error>());
}

CO_TEST(from_callback, breaks_the_promise_of_a_callback_that_is_destroyed_uncalled) {
    EXPECT_TRUE((co_await as_result(from_callback<int>([](completion<int> /*done*/) {
                }))).holds<broken_promise_error>());
    pending_calls api;
    const auto task = create_task(
        [](pending_calls& api) -> coro<int> {
            co_return co_await from_callback<int>(
                [&](completion<int> done) { api.start(std::move(done)); });
        },
        std::ref(api));
    co_await sleep(1ms);
    api.forget();
    EXPECT_TRUE((co_await as_result(task)).holds<broken_promise_error>());
}

// -- a C API: a thread that calls a function with void* user data --

using c_callback = void (*)(int result, void* user_data);

/// As getaddrinfo_a: works on a thread of its own and calls back from there.
class c_library {
public:
    c_library() = default;
    c_library(const c_library&) = delete;
    c_library& operator=(const c_library&) = delete;
    ~c_library() {
        for (std::thread& each : threads_) {
            each.join();
        }
    }
    void add_async(int a, int b, c_callback call, void* user_data) {
        const std::lock_guard hold(lock_);
        threads_.emplace_back([=] { call(a + b, user_data); });
    }

private:
    std::mutex lock_;
    std::vector<std::thread> threads_;
};

void on_added(int result, void* user_data) {
    completion<int>::adopt(user_data)(result);
}

coro<int> add(c_library& library, int a, int b) {
    return from_callback<int>([&library, a, b](completion<int> done) {
        library.add_async(a, b, on_added, std::move(done).release());
    });
}

CO_TEST(from_callback, wraps_a_c_api_that_calls_back_from_its_own_thread) {
    c_library library;
    EXPECT_EQ(co_await add(library, 3, 4), 7);
    std::vector<coro<int>> many;
    for (int i = 0; i != 20; ++i) {
        many.push_back(add(library, i, 1));
    }
    const auto sums = co_await gather(std::move(many));
    EXPECT_EQ(sums.back(), 20);
}

// -- cancel --

CO_TEST(from_callback, ends_at_once_when_it_is_cancelled_and_drops_the_late_value) {
    pending_calls api;
    const auto owner = std::make_shared<int>(7);
    auto body = [](pending_calls& api, std::shared_ptr<int> value) -> coro<std::shared_ptr<int>> {
        co_return co_await from_callback<std::shared_ptr<int>>(
            [&](completion<std::shared_ptr<int>> done) {
                api.start([done, value](int) { done(value); });
            });
    };
    const auto task = create_task(body(api, owner));
    co_await sleep(1ms);
    (void)task.cancel();
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    api.call(0);
    EXPECT_EQ(owner.use_count(), 1);
}

/// An operation that can be stopped, and is over a second later.
coro<int> stoppable(event_log& log, std::optional<int> late) {
    auto done = std::make_shared<std::optional<completion<int>>>();
    return from_callback<int>(
        [done](completion<int> given) {
            done->emplace(std::move(given));
            return 42;
        },
        [done, &log, late](int handle) {
            log.add("stop(" + std::to_string(handle) + ")");
            (void)get_running_loop().call_later(1s, [done, &log, late] {
                log.add("over");
                if (late.has_value()) {
                    (**done)(*late);
                }
                done->reset();
            });
        });
}

CO_TEST(from_callback, stops_the_operation_and_waits_until_it_is_over) {
    event_log log;
    const auto start = now();
    const auto task = create_task(stoppable(log, std::nullopt));
    co_await sleep(1s);
    (void)task.cancel();
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "stop(42) over");
    EXPECT_EQ(now() - start, 2s);
}

CO_TEST(from_callback, waits_on_for_a_stopped_operation_however_often_it_is_cancelled) {
    event_log log;
    const auto task = create_task(stoppable(log, std::nullopt));
    for (int i = 0; i != 3; ++i) {
        co_await sleep(1ms);
        (void)task.cancel();
    }
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "stop(42) over");
}

CO_TEST(from_callback, gives_a_value_that_comes_after_the_stop_and_keeps_the_cancel_pending) {
    event_log log;
    auto body = [](event_log& log) -> coro<> {
        log.add(std::to_string(co_await stoppable(log, 7)));
        co_await sleep(1ms); // here the cancel is delivered
        log.add("not cancelled");
    };
    const auto task = create_task(body(log));
    co_await sleep(1ms);
    (void)task.cancel();
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "stop(42) over 7");
}

CO_TEST(from_callback, may_be_called_back_by_the_function_that_stops) {
    std::optional<completion<int>> kept;
    auto operation = from_callback<int>(
        [&](completion<int> done) { kept.emplace(std::move(done)); }, [&] { kept.reset(); });
    const auto task = create_task(std::move(operation));
    co_await sleep(1ms);
    (void)task.cancel();
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_FALSE(kept.has_value());
}

CO_TEST(from_callback, throws_what_the_function_that_stops_throws_when_all_is_over) {
    std::optional<completion<int>> kept;
    const auto task =
        create_task(from_callback<int>([&](completion<int> done) { kept.emplace(std::move(done)); },
                                       [&] {
                                           kept.reset();
                                           throw std::runtime_error("cannot stop");
                                       }));
    co_await sleep(1ms);
    (void)task.cancel();
    EXPECT_TRUE((co_await as_result(task)).holds<std::runtime_error>());
}

CO_TEST(from_callback, times_out_as_any_coroutine_does) {
    pending_calls api;
    auto operation = from_callback<int>([&](completion<int> done) { api.start(std::move(done)); });
    EXPECT_TRUE((co_await as_result(wait_for(std::move(operation), 1s))).holds<timeout_error>());
    api.call(1);
}

} // namespace
} // namespace eddy
