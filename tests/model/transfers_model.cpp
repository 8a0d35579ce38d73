// transfers_model.cpp — how often a cache line changes owner per operation, with 2, 8 and 64
// workers.
//
// Covers:    local operations move no line, whatever the number of workers; a hand-over costs the
//            same with 64 workers as with 2. The table goes to docs/perf/transfers.md.
// Not here:  time -> bench/lockfree. Plain members that only the owner touches are on lines of
//            their own.

#include "counting_sync.hpp"
#include "sched/parking.hpp"
#include <eddy/lockfree/forks_deque.hpp>
#include <eddy/lockfree/inbox.hpp>
#include <eddy/lockfree/ready_ring.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

namespace eddy::model {
namespace {

static_assert(sizeof(counting_sync::atomic<void*>) == sizeof(std::atomic<void*>));
static_assert(sizeof(counting_sync::atomic<std::uint64_t>) == sizeof(std::atomic<std::uint64_t>));
static_assert(sizeof(counting_sync::atomic<unsigned char>) == sizeof(std::atomic<unsigned char>));

struct alignas(64) item {
    counting_sync::var<item*> inbox_next{nullptr};
};

struct worker {
    forks_deque<item, counting_sync> forks;
    ready_ring<item, 256, counting_sync> ready;
    inbox<item, counting_sync> box;
    park_token<counting_sync> token;
    std::unique_ptr<item[]> items = std::make_unique<item[]>(4);
};

struct pool {
    explicit pool(unsigned workers) : all(workers), idle(workers) {}

    std::vector<worker> all;
    idle_set<counting_sync> idle;
};

using operation = void (*)(pool&, unsigned k);

void lone_fork(pool& workers, unsigned k) {
    worker& self = workers.all[k];
    self.forks.push(&self.items[0]);
    EXPECT_TRUE(self.forks.pop_if(&self.items[0]));
}

void nested_forks(pool& workers, unsigned k) {
    worker& self = workers.all[k];
    for (unsigned i = 0; i != 4; ++i) {
        self.forks.push(&self.items[i]);
    }
    for (unsigned i = 4; i-- != 0;) {
        EXPECT_TRUE(self.forks.pop_if(&self.items[i]));
    }
}

void push_pop_ready(pool& workers, unsigned k) {
    worker& self = workers.all[k];
    EXPECT_TRUE(self.ready.push(&self.items[0]));
    EXPECT_EQ(self.ready.pop(), &self.items[0]);
}

void post_to_itself(pool& workers, unsigned k) {
    worker& self = workers.all[k];
    self.box.post(self.items[0]);
    EXPECT_EQ(self.box.take_all(), &self.items[0]);
}

void offer_a_wake_while_all_are_busy(pool& workers, unsigned) {
    EXPECT_EQ(workers.idle.claim_wake(), -1);
}

worker& next_after(pool& workers, unsigned k) {
    const auto next = static_cast<unsigned>((k + 1) % workers.all.size());
    line_counter::run_as(next);
    return workers.all[next];
}

void post_to_the_next_worker(pool& workers, unsigned k) {
    worker& self = workers.all[k];
    worker& target = workers.all[(k + 1) % workers.all.size()];
    target.box.post(self.items[1]);
    EXPECT_FALSE(target.token.notify());
    next_after(workers, k);
    EXPECT_EQ(target.box.take_all(), &self.items[1]);
}

void stolen_fork(pool& workers, unsigned k) {
    worker& self = workers.all[k];
    self.forks.push(&self.items[2]);
    next_after(workers, k);
    EXPECT_EQ(self.forks.steal().value, &self.items[2]);
    line_counter::run_as(k);
    EXPECT_FALSE(self.forks.pop_if(&self.items[2]));
}

void stolen_ready_half(pool& workers, unsigned k) {
    worker& self = workers.all[k];
    for (unsigned i = 0; i != 4; ++i) {
        EXPECT_TRUE(self.ready.push(&self.items[i]));
    }
    worker& thief = next_after(workers, k);
    item* stolen[2] = {};
    EXPECT_EQ(self.ready.steal_half(stolen, 2), 2u);
    EXPECT_TRUE(thief.ready.push(stolen[0]));
    EXPECT_NE(thief.ready.pop(), nullptr);
    line_counter::run_as(k);
    EXPECT_NE(self.ready.pop(), nullptr);
    EXPECT_NE(self.ready.pop(), nullptr);
}

double transfers_per_operation(operation run, unsigned workers) {
    constexpr unsigned warm_up = 600; // every slot of every ring has been used
    constexpr unsigned rounds = 1000;
    line_counter::forget();
    pool all(workers);
    std::uint64_t before = 0;
    for (unsigned round = 0; round != warm_up + rounds; ++round) {
        before = round == warm_up ? line_counter::transfers() : before;
        for (unsigned k = 0; k != workers; ++k) {
            line_counter::run_as(k);
            run(all, k);
        }
    }
    return static_cast<double>(line_counter::transfers() - before) / (rounds * workers);
}

struct row {
    double two;
    double eight;
    double sixty_four;
};

row measure(std::string_view name, operation run) {
    const row seen{.two = transfers_per_operation(run, 2),
                   .eight = transfers_per_operation(run, 8),
                   .sixty_four = transfers_per_operation(run, 64)};
    std::printf("| %.*s | %.2f | %.2f | %.2f |\n", static_cast<int>(name.size()), name.data(),
                seen.two, seen.eight, seen.sixty_four);
    return seen;
}

void expect_none(std::string_view name, operation run) {
    const row seen = measure(name, run);
    EXPECT_EQ(seen.two, 0);
    EXPECT_EQ(seen.eight, 0);
    EXPECT_EQ(seen.sixty_four, 0);
}

void expect_the_same_for_all(std::string_view name, operation run) {
    const row seen = measure(name, run);
    EXPECT_GT(seen.two, 0);
    EXPECT_EQ(seen.eight, seen.two);
    EXPECT_EQ(seen.sixty_four, seen.two);
}

TEST(transfers, a_local_operation_moves_no_line) {
    expect_none("fork and join, deque otherwise empty", lone_fork);
    expect_none("four nested forks and joins", nested_forks);
    expect_none("ready: push and pop", push_pop_ready);
    expect_none("inbox: post to itself and take", post_to_itself);
    expect_none("offer a wake while all are busy", offer_a_wake_while_all_are_busy);
}

TEST(transfers, a_hand_over_costs_the_same_with_any_number_of_workers) {
    expect_the_same_for_all("inbox: post to another worker, which takes", post_to_the_next_worker);
    expect_the_same_for_all("fork stolen by another worker", stolen_fork);
    expect_the_same_for_all("half of four ready items stolen", stolen_ready_half);
}

} // namespace
} // namespace eddy::model
