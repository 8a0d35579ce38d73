// completion_queue_test.cpp — states in the order in which they become done.
//
// Covers:    the order of arrivals, waiting for the next one, cancel, leaving early.
// Not here:  as_completed -> sched/wait_test.cpp.

#include <eddy/core/completion_queue.hpp>
#include <eddy/testing/co_test.hpp>

#include <optional>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

class sources {
public:
    explicit sources(std::size_t count) : promises(count) {
        for (const auto& each : promises) {
            futures.push_back(each.get_future());
            states.push_back(futures.back().state());
        }
    }
    ~sources() {
        for (auto& each : promises) {
            each.try_set_value(0);
        }
    }
    sources(const sources&) = delete;
    sources& operator=(const sources&) = delete;

    std::vector<promise<int>> promises;
    std::vector<future<int>> futures;
    std::vector<future_state*> states;
};

CO_TEST(completion_queue, what_is_done_already_comes_in_the_order_of_the_list) {
    sources of(3);
    for (auto& each : of.promises) {
        each.set_value(1);
    }
    completion_queue queue(of.states);
    for (std::size_t i = 0; i != 3; ++i) {
        EXPECT_FALSE(queue.at_end());
        EXPECT_EQ(co_await queue.next(), i);
    }
    EXPECT_TRUE(queue.at_end());
}

CO_TEST(completion_queue, arrivals_are_given_in_their_order) {
    sources of(3);
    completion_queue queue(of.states);
    of.promises[2].set_value(1);
    of.promises[0].set_value(1);
    of.promises[1].set_value(1);
    EXPECT_EQ(co_await queue.next(), 2U);
    EXPECT_EQ(co_await queue.next(), 0U);
    EXPECT_EQ(co_await queue.next(), 1U);
}

CO_TEST(completion_queue, a_reader_waits_for_the_next_arrival) {
    sources of(2);
    completion_queue queue(of.states);
    auto read = [](completion_queue& from) -> coro<std::size_t> { co_return co_await from.next(); };
    auto t = create_task(read(queue));
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    of.promises[1].set_value(1);
    EXPECT_EQ(co_await t, 1U);
}

CO_TEST(completion_queue, a_cancelled_reader_loses_nothing) {
    sources of(2);
    completion_queue queue(of.states);
    EXPECT_TRUE((co_await as_result(wait_for(queue.next(), 1ms))).holds<timeout_error>());
    of.promises[1].set_value(1);
    EXPECT_EQ(co_await queue.next(), 1U);
}

CO_TEST(completion_queue, one_that_dies_early_has_left_the_states) {
    sources of(2);
    {
        completion_queue queue(of.states);
        of.promises[0].set_value(1);
        EXPECT_EQ(co_await queue.next(), 0U);
    }
    of.promises[1].set_value(1);
}

TEST(completion_queue, of_nothing_is_at_its_end) {
    EXPECT_TRUE(completion_queue({}).at_end());
}

CO_TEST_ON_1(completion_queue, a_second_reader_gets_an_error_and_the_first_one_goes_on) {
    sources of(1);
    completion_queue queue(of.states);
    auto first = create_task([&]() -> coro<std::size_t> { co_return co_await queue.next(); });
    co_await yield();
    EXPECT_THROW(co_await queue.next(), invalid_state_error);
    of.promises[0].set_value(1);
    EXPECT_EQ(co_await first, 0U);
}

} // namespace
} // namespace eddy
