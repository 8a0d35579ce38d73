// find_bugs.cpp — two bugs that a test rarely meets, and what finds them each time: a seed that
// decides the order, and a cancel at every suspension.
//
// Output:
//     a lost update: found, and its seed shows it again
//     the same with a lock: 200 orders, all right
//     a permit that a cancel keeps: found
//     the same with a guard: a cancel at each of its suspensions, all right

#include <eddy/eddy.hpp>
#include <eddy/testing/cancel_everywhere.hpp>
#include <eddy/testing/simulate.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>

using namespace std::chrono_literals;

// -- the order --

// Between its two awaits another one may have changed what it read. The second of two starts later,
// late enough, somebody thought.
struct account {
    int balance = 0;
    eddy::lock gate;

    eddy::coro<> deposit() {
        const int before = balance;
        co_await eddy::yield(); // asks somebody whether that is allowed
        balance = before + 1;
    }
    eddy::coro<> deposit_later() {
        co_await eddy::yield();
        co_await eddy::yield();
        co_await deposit();
    }
    eddy::coro<> deposit_locked() {
        const auto held = co_await gate.acquire();
        co_await deposit();
    }
};

void check(const account& all) {
    if (all.balance != 2) {
        throw std::runtime_error("an update was lost");
    }
}

eddy::coro<> lost_update() {
    account all;
    auto early = eddy::create_task(all.deposit());
    auto late = eddy::create_task(all.deposit_later());
    co_await eddy::gather(early, late);
    check(all);
}

eddy::coro<> no_lost_update() {
    account all;
    auto early = eddy::create_task(all.deposit_locked());
    auto late = eddy::create_task(all.deposit_locked());
    co_await eddy::gather(early, late);
    check(all);
}

// What eddy::explore does in a test: the first seed that fails is printed there, and EDDY_SEED
// repeats it.
std::optional<std::uint64_t> seed_that_fails(eddy::coro<> program()) {
    for (std::uint64_t seed = 0; seed != 200; ++seed) {
        try {
            eddy::simulate(seed, program());
        } catch (const std::runtime_error&) {
            return seed;
        }
    }
    return std::nullopt;
}

void look_for_a_lost_update() {
    const auto seed = seed_that_fails(lost_update);
    bool again = seed.has_value();
    for (int run = 0; again && run != 3; ++run) {
        try {
            eddy::simulate(*seed, lost_update());
            again = false;
        } catch (const std::runtime_error&) { // as before
        }
    }
    std::printf("a lost update: %s\n", again ? "found, and its seed shows it again" : "missed");
    eddy::explore(200, no_lost_update);
    std::puts("the same with a lock: 200 orders, all right");
}

// -- the cancel --

eddy::coro<> use_and_give_back(eddy::semaphore& pool) {
    (co_await pool.acquire()).detach();
    co_await eddy::sleep(1ms); // a cancel here keeps the permit
    pool.release();
}

eddy::coro<> use_with_guard(eddy::semaphore& pool) {
    const auto permit = co_await pool.acquire();
    co_await eddy::sleep(1ms);
}

using user = eddy::coro<>(eddy::semaphore&);

eddy::coro<> three_at_two(eddy::semaphore& pool, user* use) {
    co_await eddy::gather(use(pool), use(pool), use(pool));
}

void cancel_users(user* use) {
    std::unique_ptr<eddy::semaphore> pool;
    eddy::cancel_everywhere(
        [&] {
            pool = std::make_unique<eddy::semaphore>(2);
            return three_at_two(*pool, use);
        },
        [&] { return pool->value_hint() == 2; });
}

void look_for_a_lost_permit() {
    try {
        cancel_users(use_and_give_back);
        std::puts("a permit that a cancel keeps: missed");
    } catch (const eddy::cancel_failure&) { // says at which suspension
        std::puts("a permit that a cancel keeps: found");
    }
    cancel_users(use_with_guard);
    std::puts("the same with a guard: a cancel at each of its suspensions, all right");
}

int main() {
    look_for_a_lost_update();
    look_for_a_lost_permit();
}
