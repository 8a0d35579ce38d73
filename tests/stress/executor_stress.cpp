// executor_stress.cpp — many jobs, many submitters, cancels and shutdowns at any moment.
//
// Covers:    every job run once or cancelled once; ten thousand queued jobs cancelled at random;
//            shutdown under load; threads that come and go; results from several runtimes at once;
//            a bounded queue, and who destroys what is withdrawn there; exceptions of every kind;
//            maps left early; no thread to be had.

#include "stress/stress_case.hpp"
#include <eddy/base/random.hpp>
#include <eddy/base/spin_wait.hpp>
#include <eddy/eddy.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

using namespace std::chrono_literals;

namespace {

using eddy::coro;
int scaled(int count) {
    return static_cast<int>(stress::scaled(static_cast<std::size_t>(count)));
}

class executor_stress : public stress::stress_case {};

struct tally {
    std::atomic<int> ran{0};
    std::atomic<int> seen{0};
    std::atomic<int> cancelled{0};
};

coro<> await_one(eddy::thread_pool_executor& pool, tally& counts) {
    const auto got = co_await eddy::as_result(eddy::run_in_executor(pool, [&] { ++counts.ran; }));
    ++(got.cancelled() ? counts.cancelled : counts.seen);
}

TEST_F(executor_stress, ten_thousand_jobs_cancelled_at_random_end_once_each) {
    const int jobs = scaled(10'000);
    tally counts;
    eddy::thread_pool_executor pool(8);
    eddy::run(
        [](eddy::thread_pool_executor& pool, tally& counts, int jobs) -> coro<> {
            std::vector<eddy::task<>> all;
            for (int i = 0; i != jobs; ++i) {
                all.push_back(eddy::create_task(await_one(pool, counts)));
                if (eddy::random_below(8) == 0) {
                    co_await eddy::yield();
                }
                const auto victim = static_cast<std::size_t>(eddy::random_below(all.size()));
                (void)all[victim].cancel();
            }
            for (const auto& each : all) {
                (void)co_await eddy::as_result(each);
            }
        }(pool, counts, jobs),
        {.workers = 3});
    pool.shutdown();
    EXPECT_LE(counts.seen + counts.cancelled, jobs); // a task cancelled before it began counts none
    EXPECT_GE(counts.ran, counts.seen);
    EXPECT_EQ(pool.threads(), 0U);
}

TEST_F(executor_stress, a_shutdown_under_load_runs_or_refuses_each_job) {
    for (int round = 0; round != scaled(100); ++round) {
        eddy::thread_pool_executor pool(3);
        std::atomic<int> accepted = 0;
        std::atomic<int> ran = 0;
        std::vector<std::thread> submitters;
        for (int i = 0; i != 3; ++i) {
            submitters.emplace_back([&] {
                try {
                    for (;;) {
                        (void)pool.submit([&] { ++ran; });
                        ++accepted;
                    }
                } catch (const eddy::executor_shut_down&) {
                }
            });
        }
        while (accepted < 20) {
            std::this_thread::yield();
        }
        pool.shutdown();
        for (std::thread& each : submitters) {
            each.join();
        }
        EXPECT_EQ(ran, accepted);
    }
}

TEST_F(executor_stress, a_shutdown_that_cancels_accounts_for_every_job) {
    for (int round = 0; round != scaled(100); ++round) {
        eddy::thread_pool_executor pool(2);
        std::atomic<int> ran = 0;
        std::vector<eddy::future<>> results;
        for (int i = 0; i != 100; ++i) {
            results.push_back(pool.submit([&] { ++ran; }));
        }
        pool.shutdown({.cancel_pending = true});
        int cancelled = 0;
        for (const auto& each : results) {
            ASSERT_TRUE(each.done());
            cancelled += each.cancelled() ? 1 : 0;
        }
        EXPECT_EQ(ran + cancelled, 100);
    }
}

// Threads end after a nanosecond without a job: calls, starts and ends meet at every point.
TEST_F(executor_stress, threads_that_end_at_any_moment_leave_no_job_behind) {
    eddy::thread_pool_executor pool({.threads_max = 4, .idle = 1ns});
    std::atomic<int> ran = 0;
    std::vector<std::thread> submitters;
    const int jobs = scaled(3000);
    for (int i = 0; i != 3; ++i) {
        submitters.emplace_back([&] {
            for (int k = 0; k != jobs; ++k) {
                if (k % 16 == 0) {
                    pool.apply([&] { ++ran; });
                } else {
                    (void)pool.submit([&] { ++ran; });
                }
            }
        });
    }
    for (std::thread& each : submitters) {
        each.join();
    }
    pool.shutdown();
    EXPECT_EQ(ran, 3 * jobs);
}

// More submitters than the queue has room for: each way of waiting for it, and cancels of all, in
// line and in the queue.
TEST_F(executor_stress, a_bounded_queue_loses_no_job_and_no_place) {
    eddy::thread_pool_executor pool({.threads_max = 3, .idle = 1us, .queue_max = 2});
    std::atomic<int> ran = 0;
    const int jobs = scaled(2000);
    const auto submitter = [&](int which) -> coro<> {
        for (int k = 0; k != jobs; ++k) {
            const auto count = [&] { ++ran; };
            if (which % 3 == 0) {
                co_await co_await pool.submit_async(count);
            } else if (which % 3 == 1) {
                co_await eddy::run_in_executor(pool, count);
            } else {
                try {
                    (void)pool.submit(count);
                } catch (const eddy::executor_queue_full&) {
                    (void)pool.submit_in_line(count);
                }
            }
        }
    };
    eddy::run(
        [&]() -> coro<> {
            std::vector<eddy::task<>> all;
            for (int i = 0; i != 9; ++i) {
                all.push_back(eddy::create_task(submitter(i)));
            }
            std::vector<eddy::task<>> cancelled;
            for (int i = 0; i != jobs; ++i) {
                cancelled.push_back(eddy::create_task([](auto& pool) -> coro<> {
                    co_await co_await pool.submit_async([] {});
                }(pool)));
                (void)cancelled[static_cast<std::size_t>(eddy::random_below(cancelled.size()))]
                    .cancel();
                const auto withdrawn = pool.submit_in_line([] {});
                co_await eddy::yield();
                (void)withdrawn.cancel();
            }
            for (const auto& each : all) {
                co_await each;
            }
            for (const auto& each : cancelled) {
                (void)co_await eddy::as_result(each);
            }
        }(),
        {.workers = 3});
    pool.shutdown();
    EXPECT_EQ(ran, 9 * jobs);
    EXPECT_EQ(pool.queued(), 0U);
}

struct no_exception {
    int value;
};

// Of every kind, also those that no standard type is above of.
TEST_F(executor_stress, exceptions_of_every_kind_come_out_where_they_are_awaited) {
    eddy::thread_pool_executor pool(4);
    std::atomic<int> seen = 0;
    const int jobs = scaled(500);
    eddy::run(
        [](auto& pool, auto& seen, int jobs) -> coro<> {
            const auto fail = [](int how) -> int {
                switch (how % 4) {
                case 0:
                    throw std::runtime_error("a standard one");
                case 1:
                    throw no_exception{how};
                case 2:
                    throw how; // NOLINT(hicpp-exception-baseclass)
                default:
                    throw eddy::timeout_error();
                }
            };
            for (int i = 0; i != jobs; ++i) {
                const auto got = co_await eddy::as_result(eddy::run_in_executor(pool, fail, i));
                switch (i % 4) {
                case 0:
                    seen += got.template holds<std::runtime_error>() ? 1 : 0;
                    break;
                case 1:
                    seen += got.template holds<no_exception>() ? 1 : 0;
                    break;
                case 2:
                    seen += got.template holds<int>() ? 1 : 0;
                    break;
                default:
                    seen += got.template holds<eddy::timeout_error>() ? 1 : 0;
                }
                const auto dropped = pool.submit(fail, i); // nobody looks
            }
        }(pool, seen, jobs),
        {.workers = 3});
    EXPECT_EQ(seen, jobs);
}

// Maps left at any moment, while their executor is shared.
TEST_F(executor_stress, maps_that_are_left_early_leave_nothing_behind) {
    eddy::thread_pool_executor pool({.threads_max = 3, .queue_max = 8});
    const int rounds = scaled(200);
    eddy::run(
        [](auto& pool, int rounds) -> coro<> {
            const auto half = [](auto& pool, int rounds) -> coro<> {
                for (int i = 0; i != rounds; ++i) {
                    int left = static_cast<int>(eddy::random_below(20));
                    const eddy::map_options how{.chunk = 1 + static_cast<std::size_t>(i % 3),
                                                .ordered = i % 2 == 0};
                    EDDY_FOR(const int each,
                             pool.map([](int x) { return x; }, std::vector<int>(100, 7), how)) {
                        EXPECT_EQ(each, 7);
                        if (--left <= 0) {
                            break;
                        }
                    }
                }
            };
            co_await eddy::gather(half(pool, rounds), half(pool, rounds), half(pool, rounds));
        }(pool, rounds),
        {.workers = 3});
    pool.shutdown();
    EXPECT_EQ(pool.threads(), 0U);
}

// While one lives no thread can be started: its stack would be larger than the address space.
class no_threads {
public:
    no_threads() {
        (void)::pthread_getattr_default_np(&before_);
        pthread_attr_t huge;
        (void)::pthread_attr_init(&huge);
        (void)::pthread_attr_setstacksize(&huge, std::size_t{1} << 60U);
        (void)::pthread_setattr_default_np(&huge);
        (void)::pthread_attr_destroy(&huge);
    }
    no_threads(const no_threads&) = delete;
    no_threads& operator=(const no_threads&) = delete;
    ~no_threads() {
        (void)::pthread_setattr_default_np(&before_);
        (void)::pthread_attr_destroy(&before_);
    }

private:
    pthread_attr_t before_{};
};

// Posts from several threads at once; gives how many jobs were not refused, and did not end either.
std::size_t stranded_in(eddy::thread_pool_executor& pool) {
    constexpr int posters = 3;
    std::array<std::vector<eddy::future<>>, posters> accepted;
    std::latch go(posters + 1);
    std::vector<std::jthread> threads;
    for (auto& mine : accepted) {
        threads.emplace_back([&] {
            go.arrive_and_wait();
            for (int i = 0; i != 20; ++i) {
                try {
                    mine.push_back(pool.submit_in_line([] {}));
                } catch (const std::system_error&) { // refused
                }
            }
        });
    }
    const no_threads meanwhile;
    go.arrive_and_wait();
    threads.clear();
    std::size_t out = 0;
    for (const auto& each : accepted) {
        out += static_cast<std::size_t>(
            std::ranges::count_if(each, [](const auto& job) { return !job.done(); }));
    }
    return out;
}

TEST_F(executor_stress, where_no_thread_can_be_had_no_job_is_left_behind) {
    for (int round = 0; round != scaled(200); ++round) {
        const std::size_t room = round % 2 == 0 ? 0 : 1;
        eddy::thread_pool_executor pool({.threads_max = 2, .queue_max = room});
        EXPECT_EQ(stranded_in(pool), 0U);
        EXPECT_EQ(pool.queued(), 0U);
        EXPECT_EQ(pool.apply([] { return 7; }), 7);
    }
}

TEST_F(executor_stress, several_runtimes_may_share_a_pool) {
    eddy::thread_pool_executor pool(4);
    std::atomic<std::int64_t> sum = 0;
    std::vector<std::thread> loops;
    const int jobs = scaled(2000);
    for (int i = 0; i != 3; ++i) {
        loops.emplace_back([&] {
            eddy::run(
                [](eddy::thread_pool_executor& pool, std::atomic<std::int64_t>& sum,
                   int jobs) -> coro<> {
                    for (int k = 0; k != jobs; ++k) {
                        sum += co_await eddy::run_in_executor(pool, [k] { return k; });
                    }
                }(pool, sum, jobs),
                {.workers = 2});
        });
    }
    for (std::thread& each : loops) {
        each.join();
    }
    EXPECT_EQ(sum, 3 * (std::int64_t{jobs} * (jobs - 1) / 2));
}

constinit thread_local bool cancels = false;

// What a job was given: notes when it is destroyed by who cancels the job.
class argument {
public:
    explicit argument(std::atomic<int>& in_cancel) : in_cancel_(&in_cancel) {}
    argument(argument&& other) noexcept : in_cancel_(std::exchange(other.in_cancel_, nullptr)) {}
    argument& operator=(argument&&) = delete;
    ~argument() {
        if (in_cancel_ != nullptr && cancels) {
            ++*in_cancel_;
        }
    }

private:
    std::atomic<int>* in_cancel_;
};

int destroyed_in_cancel(int round) {
    std::atomic<int> out{0};
    eddy::thread_pool_executor pool({.threads_max = 3, .queue_max = 4});
    std::vector<std::thread> threads;
    for (int i = 0; i != 3; ++i) {
        threads.emplace_back([&, i] {
            for (int k = 0; k != 30; ++k) {
                try {
                    const auto job = pool.submit([held = argument(out)] {});
                    eddy::spin_wait a_moment;
                    for (int left = (7 * k + 13 * i + round) % 20; left != 0; --left) {
                        a_moment.pause();
                    }
                    cancels = true;
                    job.cancel();
                    cancels = false;
                } catch (const eddy::executor_queue_full&) { // the others have it
                }
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    return out;
}

// Maybe under the lock of a branch, although others look for withdrawn jobs at the same time.
TEST_F(executor_stress, who_cancels_a_job_does_not_destroy_its_arguments) {
    for (int round = 0; round != scaled(200); ++round) {
        EXPECT_EQ(destroyed_in_cancel(round), 0);
    }
}

} // namespace
