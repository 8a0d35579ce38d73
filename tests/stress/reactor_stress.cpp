// reactor_stress.cpp — several threads wait in one reactor while descriptors come and go.
//
// Covers:    exactly one call per arm with two pollers; disarm against delivery; numbers reused at
//            once.

#include <eddy/base/atomic.hpp>
#include <eddy/base/random.hpp>
#include <eddy/io/fd.hpp>
#include <eddy/io/reactor.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using eddy::fd_wait;
using eddy::interest;
using eddy::owned_fd;
using eddy::reactor;

struct waiter : fd_wait {
    waiter()
        : fd_wait([](fd_wait& wait, unsigned) noexcept {
              static_cast<waiter&>(wait).calls.fetch_add(1, std::memory_order_release);
          }) {}
    std::atomic<int> calls{0};
};

/// Threads that poll one reactor, as its owner and as a sibling, until the users are done.
class pollers {
public:
    explicit pollers(reactor& loop) : loop_(loop) {
        threads_.emplace_back([this] { run(reactor::poller::owner); });
        threads_.emplace_back([this] { run(reactor::poller::sibling); });
    }
    ~pollers() { done_.store(true); }
    pollers(const pollers&) = delete;
    pollers& operator=(const pollers&) = delete;

private:
    void run(reactor::poller who) {
        while (!done_.load()) {
            loop_.poll(100us, 8, who);
        }
    }

    reactor& loop_;
    std::atomic<bool> done_{false};
    std::vector<std::jthread> threads_;
};

void wait_until_called(const waiter& wait, int calls) {
    while (wait.calls.load(std::memory_order_acquire) < calls) {
        std::this_thread::yield();
    }
}

TEST(reactor_stress, two_pollers_call_each_wait_once) {
    constexpr int rounds = 20'000;
    reactor loop;
    waiter wait;
    const owned_fd event(eddy::sys::eventfd());
    eddy::sys::eventfd_write(event.get()); // always ready
    {
        const pollers running(loop);
        for (int round = 1; round <= rounds; ++round) {
            ASSERT_FALSE(loop.arm(event.get(), interest::read, wait));
            wait_until_called(wait, round);
            ASSERT_EQ(wait.calls.load(), round);
        }
    }
    EXPECT_EQ(wait.calls.load(), rounds);
}

TEST(reactor_stress, a_wait_is_either_disarmed_or_called_though_numbers_are_reused) {
    constexpr int rounds = 10'000;
    constexpr int users = 3;
    reactor loop;
    const pollers running(loop);
    std::vector<std::jthread> threads;
    for (int user = 0; user < users; ++user) {
        threads.emplace_back([&loop, user] {
            eddy::random_source random(eddy::process_seed(), static_cast<std::uint64_t>(user));
            for (int round = 0; round < rounds; ++round) {
                waiter wait;
                // A new file each time: the threads get each other's numbers.
                const owned_fd event(eddy::sys::eventfd());
                const bool becomes_ready = random.below(2) == 0;
                ASSERT_FALSE(loop.arm(event.get(), interest::read, wait));
                if (becomes_ready) {
                    eddy::sys::eventfd_write(event.get());
                }
                for (auto spins = random.below(500); spins > 0; --spins) {
                    eddy::native_sync::pause();
                }
                const bool disarmed = loop.disarm(wait);
                ASSERT_TRUE(disarmed || becomes_ready) << "called for another file's event";
                if (!disarmed) {
                    wait_until_called(wait, 1);
                }
                ASSERT_EQ(wait.calls.load(), disarmed ? 0 : 1);
                loop.forget(event.get());
            }
        });
    }
    threads.clear();
}

} // namespace
