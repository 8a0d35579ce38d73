// programs.hpp — small programs that use most of the public API, to be disturbed at every point.
//
// Each ends normally, within a second of virtual time, if nothing disturbs it; and whatever stops
// it, every body that has begun has ended when its run is over.

#pragma once

#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace programs {

using namespace std::chrono_literals;

/// What a program under test counts: bodies that have begun and not ended.
inline std::atomic<int> alive{0};

struct presence {
    presence() { alive.fetch_add(1); }
    ~presence() { alive.fetch_sub(1); }
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;
};

inline eddy::coro<std::string> work(int value) {
    const presence counted;
    co_await eddy::sleep(1ms);
    co_return std::string("a string that does not fit into its object ") + std::to_string(value);
}

inline eddy::coro<std::string> failing() {
    const presence counted;
    co_await eddy::yield();
    throw std::runtime_error("planned");
}

inline eddy::coro<> tasks() {
    const auto named =
        eddy::create_task(work(1), {.name = "a name that does not fit into its object either"});
    const auto pinned = eddy::create_task(work(2), {.pinned = true});
    const auto eager = eddy::create_task(work(3), {.eager = true});
    named.add_done_callback([](const eddy::any_task& ended) { (void)ended.name(); });
    co_await eddy::gather(named, pinned, eager);
    const auto stored = eddy::create_task(
        [value = std::string("captured")]() -> eddy::coro<std::size_t> { co_return value.size(); });
    (void)co_await stored;
    const auto cancelled = eddy::create_task(work(4));
    (void)cancelled.cancel("for a reason that is long enough to be allocated");
    (void)co_await eddy::as_result(cancelled);
    (void)eddy::create_task(work(5)); // dropped
}

inline eddy::coro<> waits() {
    std::vector<eddy::task<std::string>> all;
    for (int i = 0; i != 3; ++i) {
        all.push_back(eddy::create_task(work(i)));
    }
    auto [done, pending] =
        co_await eddy::wait(all, {.when = eddy::return_when::first_completed, .timeout = 1s});
    for (auto each = eddy::as_completed(std::move(all)); auto next = co_await each.next();) {
    }
    (void)co_await eddy::as_result(eddy::wait_for(eddy::sleep(1h), 1ms));
    (void)co_await eddy::timeout(1s, [](eddy::timeout_scope& /*scope*/) { return work(6); });
    (void)co_await eddy::shield(work(7));
}

inline eddy::coro<> forks() {
    auto [one, two] = co_await eddy::gather(work(1), work(2));
    std::vector<eddy::coro<std::string>> many;
    for (int i = 0; i != 4; ++i) {
        many.push_back(work(i));
    }
    (void)co_await eddy::gather(std::move(many));
    (void)co_await eddy::as_result(eddy::gather(failing(), work(3)));
}

inline eddy::coro<> loops() {
    // Shared, since the callback may still run, on another worker, when this has been cancelled.
    const auto set = std::make_shared<eddy::promise<std::string>>();
    const eddy::future<std::string> answer = set->get_future();
    eddy::event_loop& loop = eddy::get_running_loop();
    (void)loop.call_soon(
        [set] { (void)set->try_set_value("an answer that does not fit into its object"); });
    (void)co_await answer;
    const auto later = loop.call_later(1h, [] {});
    later.cancel();
    (void)loop.call_later(1ms, [] {});
    eddy::strand line;
    co_await eddy::gather(line.create_task(work(1)), line.create_task(work(2)));
}

/// A resource that is counted between the end of async_enter and the beginning of async_exit.
struct visit {
    eddy::coro<> async_enter() {
        co_await eddy::sleep(1ms);
        alive.fetch_add(1);
    }
    eddy::coro<> async_exit(std::exception_ptr /*error*/) {
        alive.fetch_sub(1);
        co_await eddy::sleep(1ms);
    }
};

inline eddy::async_generator<std::string> values(int count) {
    const presence counted;
    for (int i = 0; i != count; ++i) {
        co_yield co_await work(i);
    }
}

inline eddy::coro<> generators() {
    auto visited = [](visit& /*of*/) { return values(5); };
    co_await eddy::with(eddy::with(visit(), visited), [](auto& items) -> eddy::coro<> {
        EDDY_FOR(const std::string each, items) {
            if (each.ends_with('2')) {
                break;
            }
            (void)co_await work(6);
        }
    });
    EDDY_FOR(const auto each, eddy::lazy::chunks(eddy::lazy::map(values(3), std::identity()), 2)) {
        (void)co_await work(static_cast<int>(each.size()));
    }
    auto shared = values(9);
    EDDY_FOR(const auto each, eddy::lazy::zip(eddy::lazy::take(std::ref(shared), 2), values(3))) {
        (void)each;
    }
    (void)co_await eddy::create_task(eddy::lazy::collect(std::move(shared)));
}

inline eddy::coro<> scopes() {
    auto both = [](visit& /*of*/) -> eddy::coro<std::string> {
        auto [one, two] = co_await eddy::gather(work(1), work(2));
        co_return one + two;
    };
    (void)co_await eddy::with(visit(), both);
    co_await eddy::with(eddy::exit_stack(), [](eddy::exit_stack& stack) -> eddy::coro<> {
        co_await stack.enter(visit());
        co_await stack.enter(visit());
        (void)co_await work(3);
    });
    auto cleaned = 0;
    co_await eddy::with_defers([&](eddy::defer_scope& scope) -> eddy::coro<> {
        alive.fetch_add(1);
        scope.defer([&]() -> eddy::coro<> {
            alive.fetch_sub(1);
            ++cleaned;
            (void)co_await work(4);
        });
        (void)co_await eddy::as_result(failing());
    });
}

inline eddy::coro<> callbacks() {
    const presence counted;
    eddy::event_loop& loop = eddy::get_running_loop();
    (void)co_await eddy::from_callback<std::string>(
        [&](eddy::completion<std::string> done) {
            return loop.call_later(1ms,
                                   [done] { done("an answer that is not kept in its object"); });
        },
        [](const eddy::callback_handle& started) { started.cancel(); });
}

/// All of them but those whose cleanup is a coroutine: it cannot run where memory has run out.
inline eddy::coro<> all() {
    const presence counted;
    co_await tasks();
    co_await waits();
    co_await forks();
    co_await loops();
    co_await callbacks();
}

} // namespace programs
