// timer_wheel_test.cpp — timers fire in order, never early, and wake nobody without need.
//
// Covers:    order, ties, cancel, past and endless deadlines, next_deadline, random use against an
//            oracle.
// Not here:  a million nodes, cancel against expire -> tests/stress/timer_wheel_stress.cpp

#include <eddy/base/random.hpp>
#include <eddy/io/timer_wheel.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using eddy::clock;
using eddy::timer_list;
using eddy::timer_node;
using eddy::timer_wheel;

constexpr clock::time_point start{1h};
constexpr clock::time_point never = clock::time_point::max();

struct timer : timer_node {
    timer(int name, std::vector<int>& log)
        : timer_node([](timer_node& node) noexcept {
              auto& self = static_cast<timer&>(node);
              self.log.push_back(self.name);
          }),
          name(name), log(log) {}
    int name;
    std::vector<int>& log;
};

/// Fires what is due at `now`; gives the number.
std::size_t run(timer_wheel& wheel, clock::time_point now) {
    timer_list due;
    const std::size_t count = wheel.expire(now, due);
    timer_wheel::fire(due);
    return count;
}

TEST(timer_wheel, an_empty_wheel_needs_no_wake_up) {
    timer_wheel wheel(start);
    EXPECT_EQ(wheel.next_deadline(), never);
    EXPECT_EQ(run(wheel, start + 24h), 0U);
}

TEST(timer_wheel, it_counts_the_nodes_on_every_level) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer soon(1, log);
    timer late(2, log);
    timer never_due(3, log);
    (void)wheel.insert(soon, start + 1us);
    (void)wheel.insert(late, start + 24h);
    (void)wheel.insert(never_due, never);
    EXPECT_EQ(wheel.count(), 3U);
    EXPECT_EQ(run(wheel, start + 1ms), 1U);
    EXPECT_EQ(wheel.count(), 2U);
    EXPECT_TRUE(wheel.cancel(late));
    EXPECT_TRUE(wheel.cancel(never_due));
    EXPECT_EQ(wheel.count(), 0U);
}

TEST(timer_wheel, fires_at_the_deadline_and_not_a_nanosecond_before) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer one(1, log);
    for (const auto span : {1ns, 1'023ns, 1'024ns, 1'025ns, 3'000'000ns, 86'400'000'000'001ns}) {
        log.clear();
        const clock::time_point now = wheel.next_deadline() == never ? one.deadline() : start;
        const clock::time_point base = std::max(now, start);
        wheel.insert(one, base + span);
        EXPECT_EQ(run(wheel, base + span - 1ns), 0U);
        EXPECT_EQ(run(wheel, base + span), 1U);
        EXPECT_EQ(log, std::vector{1});
    }
}

TEST(timer_wheel, fires_by_deadline_whatever_the_order_of_inserts) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer c(3, log);
    timer a(1, log);
    timer d(4, log);
    timer b(2, log);
    wheel.insert(c, start + 1s);
    wheel.insert(a, start + 1ns);
    wheel.insert(d, start + 24h);
    wheel.insert(b, start + 70us);
    EXPECT_EQ(run(wheel, start + 48h), 4U);
    EXPECT_EQ(log, (std::vector{1, 2, 3, 4}));
}

TEST(timer_wheel, orders_deadlines_within_one_tick) {
    std::vector<int> log;
    timer_wheel wheel(clock::time_point(0ns));
    timer c(3, log);
    timer a(1, log);
    timer b(2, log);
    wheel.insert(c, clock::time_point(1'030ns));
    wheel.insert(a, clock::time_point(1'025ns));
    wheel.insert(b, clock::time_point(1'026ns));
    EXPECT_EQ(run(wheel, clock::time_point(1'026ns)), 2U);
    EXPECT_EQ(wheel.next_deadline(), clock::time_point(1'030ns));
    EXPECT_EQ(run(wheel, clock::time_point(1'030ns)), 1U);
    EXPECT_EQ(log, (std::vector{1, 2, 3}));
}

TEST(timer_wheel, equal_deadlines_fire_in_the_order_of_inserts_also_after_cascades) {
    std::vector<int> log;
    timer_wheel wheel(start);
    const auto deadline = start + 10s;
    timer ticker(0, log);
    std::deque<timer> timers;
    for (int name = 1; name <= 40; ++name) {
        wheel.insert(timers.emplace_back(name, log), deadline);
        // Time goes on, so later timers enter on lower levels.
        wheel.insert(ticker, start + 249ms * name);
        run(wheel, start + 249ms * name);
    }
    log.clear();
    run(wheel, deadline);
    std::vector<int> expected;
    for (int name = 1; name <= 40; ++name) {
        expected.push_back(name);
    }
    EXPECT_EQ(log, expected);
}

TEST(timer_wheel, a_deadline_in_the_past_is_due_at_the_next_expire) {
    std::vector<int> log;
    timer_wheel wheel(start);
    run(wheel, start + 1s);
    timer late(2, log);
    timer later(3, log);
    timer latest(1, log);
    wheel.insert(late, start);
    wheel.insert(later, start + 500ms);
    wheel.insert(latest, clock::time_point::min());
    EXPECT_LE(wheel.next_deadline(), start);
    EXPECT_EQ(run(wheel, start + 1s), 3U);
    EXPECT_EQ(log, (std::vector{1, 2, 3}));
}

TEST(timer_wheel, a_time_that_seems_to_go_back_fires_what_is_due_then) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer first(1, log);
    timer second(2, log);
    timer third(3, log);
    wheel.insert(first, start + 2s);
    run(wheel, start + 2s);
    wheel.insert(second, start + 1s);
    wheel.insert(third, start + 1500ms);
    EXPECT_EQ(run(wheel, start + 1s), 1U);
    EXPECT_EQ(run(wheel, start + 3s), 1U);
    EXPECT_EQ(log, (std::vector{1, 2, 3}));
}

TEST(timer_wheel, never_is_a_deadline_that_needs_no_wake_up) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer endless(1, log);
    wheel.insert(endless, never);
    EXPECT_EQ(wheel.next_deadline(), never);
    EXPECT_EQ(run(wheel, never - 1ns), 0U);
    EXPECT_EQ(run(wheel, never), 1U);
}

TEST(timer_wheel, a_cancelled_timer_does_not_fire) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer kept(1, log);
    timer dropped(2, log);
    wheel.insert(kept, start + 5ms);
    wheel.insert(dropped, start + 4ms);
    EXPECT_TRUE(wheel.cancel(dropped));
    EXPECT_FALSE(wheel.cancel(dropped));
    EXPECT_EQ(wheel.next_deadline(), start + 5ms);
    run(wheel, start + 1s);
    EXPECT_EQ(log, std::vector{1});
}

TEST(timer_wheel, cancel_of_a_timer_that_was_never_inserted_is_false) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer idle(1, log);
    EXPECT_FALSE(wheel.cancel(idle));
}

TEST(timer_wheel, cancel_comes_too_late_once_the_timer_has_left_the_wheel) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer one(1, log);
    wheel.insert(one, start + 1ms);
    timer_list due;
    EXPECT_EQ(wheel.expire(start + 1ms, due), 1U);
    EXPECT_FALSE(wheel.cancel(one));
    timer_wheel::fire(due);
    EXPECT_EQ(log, std::vector{1});
    EXPECT_FALSE(wheel.cancel(one));
}

TEST(timer_wheel, a_timer_may_insert_itself_again_when_it_fires) {
    struct repeating : timer_node {
        explicit repeating(timer_wheel& wheel)
            : timer_node([](timer_node& node) noexcept {
                  auto& self = static_cast<repeating&>(node);
                  ++self.count;
                  self.wheel.insert(self, self.deadline() + 10ms);
              }),
              wheel(wheel) {}
        timer_wheel& wheel;
        int count = 0;
    };
    timer_wheel wheel(start);
    repeating each(wheel);
    wheel.insert(each, start);
    for (auto now = start; now < start + 100ms; now += 1ms) {
        run(wheel, now);
    }
    EXPECT_EQ(each.count, 10);
    EXPECT_TRUE(wheel.cancel(each));
}

TEST(timer_wheel, insert_says_whether_the_owner_has_to_wake_earlier) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer a(1, log);
    timer b(2, log);
    timer c(3, log);
    EXPECT_TRUE(wheel.insert(a, start + 2s));
    EXPECT_FALSE(wheel.insert(b, start + 3s));
    EXPECT_TRUE(wheel.insert(c, start + 1s));
    run(wheel, start + 3s);
}

TEST(timer_wheel, one_timer_leads_to_exactly_one_wake_up) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer one(1, log);
    wheel.insert(one, start + 5s + 123ns);
    EXPECT_EQ(wheel.next_deadline(), start + 5s + 123ns);
    EXPECT_EQ(wheel.next_deadline_hint(), start + 5s + 123ns);
    EXPECT_EQ(run(wheel, start + 5s + 123ns), 1U);
    EXPECT_EQ(wheel.next_deadline(), never);
    EXPECT_EQ(wheel.next_deadline_hint(), never);
}

TEST(timer_wheel, cancelling_the_earliest_timer_takes_its_wake_up_back) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer soon(1, log);
    timer late(2, log);
    wheel.insert(late, start + 1h);
    wheel.insert(soon, start + 1s);
    wheel.cancel(soon);
    EXPECT_EQ(wheel.next_deadline(), start + 1h);
    wheel.cancel(late);
    EXPECT_EQ(wheel.next_deadline(), never);
}

TEST(timer_wheel, cancelling_a_whole_crowd_takes_its_wake_up_back) {
    std::vector<int> log;
    timer_wheel wheel(start);
    std::deque<timer> timers;
    for (int name = 0; name < 100; ++name) {
        wheel.insert(timers.emplace_back(name, log), start + 5s + name * 1ns);
    }
    for (timer& each : timers) {
        EXPECT_LE(wheel.next_deadline(), each.deadline());
        EXPECT_TRUE(wheel.cancel(each));
    }
    EXPECT_EQ(wheel.next_deadline(), never);
}

TEST(timer_wheel, a_crowded_slot_costs_a_few_wake_ups_and_not_one_per_timer) {
    std::vector<int> log;
    timer_wheel wheel(start);
    std::deque<timer> timers;
    for (int name = 0; name < 1'000; ++name) {
        wheel.insert(timers.emplace_back(name, log), start + 5s);
    }
    wheel.cancel(timers.front()); // so that the exact answer is no longer known
    wheel.insert(timers.front(), start + 5s);
    int wake_ups = 0;
    clock::time_point now = start;
    while (log.size() < timers.size()) {
        const auto next = wheel.next_deadline();
        ASSERT_GT(next, now);
        now = next;
        run(wheel, now);
        ++wake_ups;
    }
    EXPECT_EQ(now, start + 5s);
    EXPECT_LE(wake_ups, 5);
}

/// A wheel and a sorted map that do the same; the map is right.
class oracle_test {
public:
    explicit oracle_test(std::uint64_t seed) : random_(seed), wheel_(now_) {
        for (int name = 0; name < 200; ++name) {
            timers_.emplace_back(name, fired_);
            idle_.push_back(name);
        }
    }
    ~oracle_test() {
        for (auto& entry : expected_) {
            wheel_.cancel(timers_[static_cast<std::size_t>(entry.second)]);
        }
    }

    void step() {
        switch (random_.below(8)) {
        case 0:
            advance(now_ + span());
            break;
        case 1:
            advance(std::max(now_, wheel_.next_deadline()));
            break;
        case 2:
        case 3:
            cancel();
            break;
        default:
            insert();
        }
        check_next();
    }

    [[nodiscard]] clock::time_point now() const { return now_; }

private:
    /// From nanoseconds to years, all magnitudes alike; often a round number, for ties.
    clock::duration span() {
        const auto bits = random_.below(52);
        const auto count = static_cast<std::int64_t>(random_.next() >> (63 - bits));
        return clock::duration(random_.below(2) == 0 ? count : std::int64_t{1} << bits);
    }

    void insert() {
        if (idle_.empty()) {
            return;
        }
        const int name = idle_.back();
        idle_.pop_back();
        const auto deadline = random_.below(10) == 0 ? now_ - span() : now_ + span();
        wheel_.insert(timers_[static_cast<std::size_t>(name)], deadline);
        expected_.emplace(deadline, name);
    }

    void cancel() {
        if (expected_.empty()) {
            return;
        }
        auto victim = std::next(expected_.begin(),
                                static_cast<std::ptrdiff_t>(random_.below(expected_.size())));
        EXPECT_TRUE(wheel_.cancel(timers_[static_cast<std::size_t>(victim->second)]));
        idle_.push_back(victim->second);
        expected_.erase(victim);
    }

    void advance(clock::time_point to) {
        if (to > clock::time_point(std::chrono::years(250))) {
            return;
        }
        now_ = to;
        fired_.clear();
        run(wheel_, now_);
        std::vector<int> wanted;
        while (!expected_.empty() && expected_.begin()->first <= now_) {
            wanted.push_back(expected_.begin()->second); // a multimap keeps ties in insertion order
            expected_.erase(expected_.begin());
        }
        ASSERT_EQ(fired_, wanted);
        idle_.insert(idle_.end(), wanted.begin(), wanted.end());
    }

    void check_next() {
        const auto earliest = expected_.empty() ? never : expected_.begin()->first;
        ASSERT_LE(wheel_.next_deadline_hint(), earliest);
        ASSERT_LE(wheel_.next_deadline(), earliest);
        if (expected_.size() <= 16) {
            ASSERT_EQ(wheel_.next_deadline(), earliest);
        }
        if (earliest > now_ && wheel_.next_deadline() <= now_) {
            ASSERT_EQ(run(wheel_, now_), 0U);
            ASSERT_GT(wheel_.next_deadline(), now_) << "the wait would not end";
        }
    }

    eddy::random_source random_;
    clock::time_point now_ = start;
    timer_wheel wheel_;
    std::deque<timer> timers_;
    std::vector<int> fired_;
    std::vector<int> idle_;
    std::multimap<clock::time_point, int> expected_;
};

TEST(timer_wheel, does_what_a_sorted_map_does_over_many_years) {
    const std::uint64_t seed = eddy::process_seed();
    SCOPED_TRACE(::testing::Message() << "EDDY_SEED=" << seed);
    for (std::uint64_t round = 0; round < 20 && !::testing::Test::HasFatalFailure(); ++round) {
        oracle_test test(seed + round);
        for (int step = 0; step < 500 && !::testing::Test::HasFatalFailure(); ++step) {
            test.step();
        }
    }
}

TEST(timer_wheel, works_after_a_hundred_years) {
    std::vector<int> log;
    timer_wheel wheel(start);
    timer one(1, log);
    const auto century = start + std::chrono::years(100);
    wheel.insert(one, century);
    EXPECT_EQ(run(wheel, century - 1ns), 0U);
    EXPECT_EQ(run(wheel, century), 1U);
    wheel.insert(one, century + 1ms);
    EXPECT_EQ(wheel.next_deadline(), century + 1ms);
    EXPECT_EQ(run(wheel, century + 1ms), 1U);
}

} // namespace
