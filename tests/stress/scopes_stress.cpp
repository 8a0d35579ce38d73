// scopes_stress.cpp — groups whose children come and go on all workers.
//
// Covers:    groups whose children fail, end and are created on all workers at once, under a limit;
//            groups that are cancelled by threads while they end.
// Expect:    every run ends; no group ends before its children; requests are counted back.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace {

using namespace std::chrono_literals;

class scopes_on_many : public stress::stress_case, public testing::WithParamInterface<unsigned> {};
INSTANTIATE_TEST_SUITE_P(on, scopes_on_many, testing::Values(8U, 32U));

// Children that end, fail, create siblings and cancel the group, on all workers at the same time.
eddy::coro<> busy_child(eddy::task_group& group, std::atomic<int>& alive, int depth, int number) {
    struct one {
        std::atomic<int>& of;
        explicit one(std::atomic<int>& all) : of(all) { of.fetch_add(1); }
        one(const one&) = delete;
        one& operator=(const one&) = delete;
        ~one() { of.fetch_sub(1); }
    };
    const one present(alive);
    for (int i = 0; i != number % 5; ++i) {
        co_await eddy::yield();
    }
    if (depth != 0) {
        (void)group.create_task(busy_child(group, alive, depth - 1, number + 1));
        (void)group.create_task(busy_child(group, alive, depth - 1, number + 3));
    } else if (number % 7 == 0) {
        throw std::runtime_error("planned");
    } else if (number % 11 == 0) {
        group.cancel();
    }
    co_await eddy::sleep(std::chrono::microseconds(number % 50));
}

TEST_P(scopes_on_many, children_come_and_go_on_all_workers) {
    std::atomic<int> left{0};
    std::atomic<int> miscounted{0};
    auto once = [&](int number) -> eddy::coro<> {
        std::atomic<int> mine{0};
        auto body = [&mine, number](eddy::task_group& group) -> eddy::coro<> {
            for (int i = 0; i != 4; ++i) {
                (void)group.create_task(busy_child(group, mine, 3, number + i));
            }
            if (number % 3 == 0) {
                co_await eddy::sleep(10us);
            }
        };
        const auto result = co_await eddy::as_result(
            eddy::wait_for(eddy::with_task_group(body), std::chrono::microseconds(100 + number)));
        left.fetch_add(mine.load());
        if (!result && !result.holds<eddy::exception_group>() &&
            !result.holds<eddy::timeout_error>()) {
            left.fetch_add(1);
        }
    };
    auto repeat = [&](int first) -> eddy::coro<> {
        for (int i = 0; i != static_cast<int>(stress::scaled(150)); ++i) {
            co_await once(first + 13 * i);
            miscounted.fetch_add(eddy::current_task().cancelling() != 0 ? 1 : 0);
        }
    };
    auto main = [&]() -> eddy::coro<> {
        co_await eddy::with_task_group([&](eddy::task_group& group) -> eddy::coro<> {
            for (int i = 0; i != 16; ++i) {
                (void)group.create_task(repeat(i));
            }
            co_return;
        });
    };
    eddy::run(main(), {.workers = GetParam()});
    EXPECT_EQ(left.load(), 0);
    EXPECT_EQ(miscounted.load(), 0);
}

TEST_P(scopes_on_many, groups_are_cancelled_by_threads_while_they_end) {
    std::atomic<int> ended{0};
    auto main = [&]() -> eddy::coro<> {
        for (std::size_t i = 0; i != stress::scaled(300); ++i) {
            std::atomic<eddy::task_group*> shown{nullptr};
            std::thread canceller([&shown] {
                while (shown.load() == nullptr) {
                }
                shown.load()->cancel();
                shown.store(nullptr);
            });
            co_await eddy::with_task_group([&](eddy::task_group& group) -> eddy::coro<> {
                for (int child = 0; child != 8; ++child) {
                    (void)group.create_task([](int child) -> eddy::coro<> {
                        co_await eddy::sleep(std::chrono::microseconds(10 * child));
                    }(child));
                }
                shown.store(&group);
                // The group must be there while the thread is in it.
                co_await eddy::masked([&shown]() -> eddy::coro<> {
                    while (shown.load() != nullptr) {
                        co_await eddy::yield();
                    }
                });
            });
            canceller.join();
            ended.fetch_add(1);
        }
        EXPECT_EQ(eddy::current_task().cancelling(), 0U);
    };
    eddy::run(main(), {.workers = GetParam()});
    EXPECT_EQ(ended.load(), static_cast<int>(stress::scaled(300)));
}

} // namespace
