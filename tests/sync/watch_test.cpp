// watch_test.cpp — the latest value, and waiting for the next one.
//
// Covers:    changed, values that are skipped, several watchers, the end, cancelling.

#include <eddy/testing/co_test.hpp>

#include <memory>
#include <optional>
#include <string>

namespace eddy {
namespace {

using namespace std::chrono_literals;

CO_TEST(watch, it_has_a_value_from_the_start) {
    watch<std::string> state("a");
    EXPECT_EQ(state.value(), "a");
    auto watching = state.subscribe();
    EXPECT_EQ(watching.value(), "a");
    state.set("b");
    EXPECT_EQ(watching.value(), "b");
    co_return;
}

CO_TEST(watch, changed_waits_for_a_value_that_was_not_seen) {
    watch<int> state(0);
    auto watching = state.subscribe();
    auto setter = [](watch<int>& state) -> coro<> {
        co_await sleep(5ms);
        state.set(1);
    };
    auto setting = create_task(setter(state));
    const auto start = now();
    EXPECT_EQ(co_await watching.changed(), 1);
    EXPECT_EQ(now() - start, 5ms);
    co_await setting;
}

CO_TEST(watch, values_in_between_are_skipped) {
    watch<int> state(0);
    auto watching = state.subscribe();
    for (int i = 1; i <= 5; ++i) {
        state.set(i);
    }
    EXPECT_EQ(co_await watching.changed(), 5);
    EXPECT_TRUE((co_await as_result(wait_for(watching.changed(), 1ms))).holds<timeout_error>());
}

CO_TEST(watch, every_watcher_learns_of_a_change) {
    watch<int> state(0);
    auto follow = [](watcher<int> watching) -> coro<int> {
        int last = -1;
        while (const auto value = co_await watching.next()) {
            last = *value;
        }
        co_return last;
    };
    auto first = create_task(follow(state.subscribe()));
    std::optional<watch<int>> other(std::in_place, 0);
    auto second = create_task(follow(other->subscribe()));
    auto third = create_task(follow(other->subscribe()));
    co_await sleep(1ms);
    other->set(1);
    other->set(2);
    other.reset(); // the end: the last value still comes
    EXPECT_EQ(co_await second, 2);
    EXPECT_EQ(co_await third, 2);
    EXPECT_FALSE(first.done());
    first.cancel();
    (void)co_await as_result(first);
}

CO_TEST_ON_1(watch, a_cancelled_wait_misses_nothing) {
    watch<int> state(0);
    auto watching = state.subscribe();
    auto follow = [](watcher<int>& watching) -> coro<> { (void)co_await watching.changed(); };
    auto waiting = create_task(follow(watching));
    co_await yield();
    state.set(1);
    waiting.cancel(); // it was woken, and has not run
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
    EXPECT_EQ(co_await watching.changed(), 1);
}

} // namespace
} // namespace eddy
