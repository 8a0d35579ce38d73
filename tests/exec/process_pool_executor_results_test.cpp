// process_pool_executor_results_test.cpp — results that take long to decode: nobody else waits.
//
// Covers:    short results beside a long one that is being read; several long ones; what fails to
//            decode; callbacks, the end and a pool that is let go where a long result is read.
// Not here:  all other results -> process_pool_executor_test.cpp; how long it takes ->
//            bench/exec/process_pool_bench.cpp.

#include "exec/process_jobs.hpp"
#include <eddy/testing/co_test.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace eddy {
namespace {

namespace jobs = process_jobs;

struct long_to_read {
    int value = 0;
};
constexpr std::size_t long_bytes = std::size_t{3} << 20;

} // namespace

// Long; and whoever reads it waits at the gate.
template <>
struct codec<long_to_read> {
    static inline std::string gate_path;
    static void encode(code_writer& to, const long_to_read& from) {
        to.put(from.value);
        to.put(std::string(long_bytes, 'x'));
    }
    static long_to_read decode(code_reader& from) {
        gate::pass(gate_path);
        const long_to_read out{from.get<int>()};
        if (from.get<std::string>().size() != long_bytes || out.value < 0) {
            throw codec_error("not what was written");
        }
        return out;
    }
};

namespace {

long_to_read make_long(int value) {
    return {value};
}
EDDY_FUNCTION(make_long);

// A gate at which those that read stop.
struct reading_gate : gate {
    reading_gate() { codec<long_to_read>::gate_path = path(); }
};

TEST(process_pool_executor_results, a_result_that_is_being_read_keeps_nobody_waiting) {
    process_pool_executor pool(1);
    reading_gate reading;
    const auto slow = pool.submit(make_long, 1);
    const auto second = pool.submit(make_long, 2);
    reading.wait_until_reached(2); // side by side
    for (int i = 0; i != 10; ++i) {
        EXPECT_EQ(pool.apply(jobs::twice, i), 2 * i);
    }
    EXPECT_FALSE(slow.done());
    reading.open();
    (void)wait_blocking(*slow.state(), std::nullopt);
    (void)wait_blocking(*second.state(), std::nullopt);
    EXPECT_EQ(slow.result().value, 1);
    EXPECT_EQ(second.result().value, 2);
}

TEST(process_pool_executor_results, more_long_results_than_there_are_readers_are_all_read) {
    process_pool_executor pool(2);
    reading_gate reading;
    std::vector<future<long_to_read>> slow;
    for (int i = 0; i != 12; ++i) {
        slow.push_back(pool.submit(make_long, i));
    }
    reading.wait_until_reached(2);
    EXPECT_EQ(pool.apply(jobs::twice, 4), 8);
    std::thread ends([&] {
        pool.shutdown();
        for (const auto& each : slow) {
            EXPECT_TRUE(each.done()); // at the end of the shutdown, not later
        }
    });
    while (pool.processes() != 0) {
        std::this_thread::yield();
    }
    reading.open();
    ends.join();
    for (int i = 0; i != 12; ++i) {
        EXPECT_EQ(slow[static_cast<std::size_t>(i)].result().value, i);
    }
}

TEST(process_pool_executor_results, a_long_result_that_makes_no_sense_is_an_error_of_its_job) {
    process_pool_executor pool(1);
    reading_gate reading;
    reading.open();
    EXPECT_THROW(pool.apply(make_long, -1), codec_error);
    EXPECT_EQ(pool.apply(make_long, 1).value, 1);
}

TEST(process_pool_executor_results, a_cancel_while_a_result_is_read_drops_it) {
    process_pool_executor pool(1);
    reading_gate reading;
    const auto slow = pool.submit(make_long, 1);
    reading.wait_until_reached(1);
    EXPECT_TRUE(slow.cancel());
    reading.open();
    pool.shutdown();
    EXPECT_TRUE(slow.cancelled());
}

TEST(process_pool_executor_results, what_blocks_is_refused_in_the_callback_of_a_long_result) {
    process_pool_executor pool(1);
    reading_gate reading;
    reading.open();
    std::atomic<bool> refused = false;
    const auto done = pool.apply_async(make_long, 4, [&](const long_to_read&) {
        EXPECT_THROW(pool.apply(jobs::twice, 4), already_running);
        EXPECT_THROW(pool.shutdown(), already_running);
        refused = true;
    });
    while (!refused) {
        std::this_thread::yield();
    }
}

TEST(process_pool_executor_results, a_pool_may_be_let_go_by_the_callback_of_a_long_result) {
    reading_gate reading;
    reading.open();
    auto pool = std::make_shared<process_pool_executor>(1);
    std::atomic<bool> called = false;
    (void)pool->apply_async(make_long, 4, [&called, pool](const long_to_read&) mutable {
        pool.reset();
        called = true;
    });
    pool.reset();
    while (!called) {
        std::this_thread::yield();
    }
}

CO_TEST(process_pool_executor_results, a_loop_goes_on_while_a_result_is_read) {
    process_pool_executor pool(1);
    reading_gate reading;
    const auto slow = pool.submit(make_long, 1);
    co_await reading.reached(1);
    EXPECT_EQ(co_await pool.submit(jobs::twice, 2), 4);
    reading.open();
    EXPECT_EQ((co_await slow).value, 1);
    co_await pool.aclose();
}

} // namespace
} // namespace eddy
