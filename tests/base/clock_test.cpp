// clock_test.cpp — times saturate, and a test can own them.
//
// Covers:    saturating sums and differences of times, the virtual clock, the steady clock's
//            direction.

#include <eddy/base/clock.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using eddy::clock;
constexpr clock::time_point one_second{1s};

TEST(clock, the_steady_source_does_not_go_backwards) {
    const eddy::steady_clock_source source;
    const auto first = source.now();
    EXPECT_GE(source.now(), first);
    EXPECT_GT(first, clock::time_point());
}

TEST(clock, a_deadline_is_now_plus_the_span) {
    EXPECT_EQ(eddy::deadline_after(one_second, 3ms), clock::time_point(1003ms));
}

TEST(clock, a_negative_span_is_due_now) {
    EXPECT_EQ(eddy::deadline_after(one_second, -5s), one_second);
    EXPECT_EQ(eddy::deadline_after(one_second, clock::duration::min()), one_second);
}

TEST(clock, a_sum_that_does_not_fit_is_never) {
    EXPECT_EQ(eddy::deadline_after(one_second, clock::duration::max()), clock::time_point::max());
    EXPECT_EQ(eddy::deadline_after(one_second, std::chrono::hours::max()),
              clock::time_point::max());
    EXPECT_EQ(eddy::deadline_after(clock::time_point::max(), 1ns), clock::time_point::max());
}

TEST(clock, spans_of_floating_point_are_cut_to_what_fits) {
    using seconds = std::chrono::duration<double>;
    EXPECT_EQ(eddy::saturated(seconds(0.25)), 250ms);
    EXPECT_EQ(eddy::saturated(seconds(1e30)), clock::duration::max());
    EXPECT_EQ(eddy::saturated(seconds(-1e30)), clock::duration::min());
    EXPECT_EQ(eddy::saturated(seconds(std::numeric_limits<double>::infinity())),
              clock::duration::max());
    EXPECT_EQ(eddy::saturated(seconds(std::numeric_limits<double>::quiet_NaN())), 0ns);
}

TEST(clock, spans_finer_than_a_nanosecond_round_towards_zero) {
    EXPECT_EQ(eddy::saturated(std::chrono::duration<std::int64_t, std::pico>(2'999)), 2ns);
}

TEST(clock, huge_negative_integers_saturate_too) {
    EXPECT_EQ(eddy::saturated(std::chrono::hours::min()), clock::duration::min());
}

TEST(clock, the_time_until_a_deadline_is_zero_once_it_has_passed) {
    EXPECT_EQ(eddy::time_until(one_second, one_second + 1ns), 0ns);
    EXPECT_EQ(eddy::time_until(one_second + 7ns, one_second), 7ns);
}

TEST(clock, the_time_until_never_is_for_ever) {
    EXPECT_EQ(eddy::time_until(clock::time_point::max(), one_second), clock::duration::max());
    EXPECT_EQ(eddy::time_until(clock::time_point::max() - 1ns, clock::time_point(-1s)),
              clock::duration::max());
}

TEST(virtual_clock, stands_still_until_it_is_moved) {
    eddy::virtual_clock_source source;
    const auto start = source.now();
    EXPECT_NE(start, clock::time_point());
    EXPECT_EQ(source.now(), start);
    source.advance_by(3ms);
    EXPECT_EQ(source.now() - start, 3ms);
}

TEST(virtual_clock, does_not_go_backwards) {
    eddy::virtual_clock_source source(one_second);
    source.advance_to(one_second - 1ns);
    EXPECT_EQ(source.now(), one_second);
}

TEST(virtual_clock, keeps_the_latest_time_that_any_thread_set) {
    eddy::virtual_clock_source source(one_second);
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&source, thread] {
            for (int step = 0; step < 1'000; ++step) {
                source.advance_to(one_second + std::chrono::nanoseconds(step * 4 + thread));
            }
        });
    }
    threads.clear();
    EXPECT_EQ(source.now(), one_second + 3'999ns);
}

} // namespace
