// closing_stress.cpp — other threads that use a runtime just when it closes.
//
// Covers:    tasks created, stops, and timers cancelled while a runtime closes and after it.
// Expect:    every task that was accepted ends, every other one is refused; nothing that is gone is
//            touched.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using eddy::coro;
using stress::scaled;
using stress::stress_case;

class closing_stress : public stress_case, public testing::WithParamInterface<unsigned> {};
INSTANTIATE_TEST_SUITE_P(workers, closing_stress, testing::Values(1U, 3U),
                         testing::PrintToStringParamName());

coro<int> one() {
    co_await eddy::yield();
    co_return 1;
}
coro<> short_main() {
    co_await eddy::sleep(200us);
}

TEST_P(closing_stress, a_task_from_another_thread_ends_or_is_refused) {
    for (std::size_t i = 0; i != scaled(200); ++i) {
        eddy::runtime loops({.workers = GetParam()});
        std::thread creator([&] {
            std::vector<eddy::task<int>> accepted;
            try {
                for (;;) {
                    accepted.push_back(loops.create_task(one()));
                    (void)loops.all_tasks();
                    (void)loops.is_running();
                }
            } catch (const eddy::runtime_closed&) {
                for (const auto& each : accepted) { // none of these waits for ever
                    (void)eddy::wait_blocking(each, std::nullopt);
                }
            }
        });
        loops.run_until_complete(short_main());
        loops.close();
        creator.join();
    }
}

TEST_P(closing_stress, a_stop_from_another_thread_neither_breaks_the_close_nor_comes_too_late) {
    for (std::size_t i = 0; i != scaled(400); ++i) {
        eddy::runtime loops({.workers = GetParam()});
        std::atomic<bool> over{false};
        std::thread stopper([&] {
            while (!over.load()) {
                loops.stop();
            }
        });
        const auto left = loops.create_task([]() -> coro<> { co_await eddy::sleep(1h); }());
        try {
            loops.run_until_complete(short_main());
        } catch (const eddy::invalid_state_error&) { // stopped: as it should be
        }
        loops.close();
        EXPECT_TRUE(left.cancelled());
        over.store(true);
        stopper.join();
    }
}

TEST_P(closing_stress, a_timer_is_cancelled_by_another_thread_while_its_loop_goes) {
    for (std::size_t i = 0; i != scaled(1000); ++i) {
        std::vector<eddy::callback_handle> timers;
        std::thread canceller;
        {
            eddy::runtime loops({.workers = GetParam()});
            loops.run_until_complete([](auto& timers) -> coro<> {
                for (int k = 0; k != 20; ++k) {
                    timers.push_back(eddy::get_running_loop().call_later(1h, [] {}));
                }
                co_return;
            }(timers));
            canceller = std::thread([timers] {
                for (const auto& each : timers) {
                    each.cancel();
                }
            });
        }
        canceller.join();
    }
}

TEST_P(closing_stress, a_strand_has_tasks_of_two_runtimes_at_once) {
    eddy::strand serial;
    std::atomic<int> inside{0};
    std::atomic<int> steps{0};
    std::atomic<int> overlaps{0};
    const auto step = [&]() -> coro<> {
        for (int k = 0; k != 3; ++k) {
            overlaps += inside.fetch_add(1) != 0 ? 1 : 0;
            ++steps;
            --inside;
            co_await eddy::yield();
        }
    };
    const std::size_t rounds = scaled(200);
    const auto program = [&]() -> coro<> {
        for (std::size_t i = 0; i != rounds; ++i) {
            std::vector<eddy::task<>> tasks;
            for (int k = 0; k != 10; ++k) {
                tasks.push_back(serial.create_task(step()));
            }
            co_await eddy::gather(std::move(tasks));
        }
    };
    std::thread other([&] { eddy::run(program(), {.workers = GetParam()}); });
    eddy::run(program(), {.workers = GetParam()});
    other.join();
    EXPECT_EQ(overlaps.load(), 0);
    EXPECT_EQ(steps.load(), static_cast<int>(rounds) * 10 * 3 * 2);
}

} // namespace
