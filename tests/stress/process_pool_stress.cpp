// process_pool_stress.cpp — worker processes that are killed at any moment, under load.
//
// Covers:    no job hangs; none runs twice unless it is repeatable, and then it ends well; each is
//            accounted for; shutdown under load; cancels at random; no zombie, no descriptor left;
//            100 MB; the limit of CPU time.

#include "exec/process_jobs.hpp"
#include "stress/stress_case.hpp"
#include <eddy/base/random.hpp>
#include <eddy/base/syscall_process.hpp>
#include <eddy/eddy.hpp>
#include <eddy/io/fd.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include <sys/wait.h>

namespace {

using eddy::coro;
using eddy::process_pool_executor;

int scaled(int count) {
    return static_cast<int>(stress::scaled(static_cast<std::size_t>(count)));
}

// One byte in a file of its own for each time that job `number` is run.
int counted(const std::string& in, int number) {
    eddy::gate::note(in + '/' + std::to_string(number));
    return number;
}
EDDY_FUNCTION(counted);

class tallies {
public:
    explicit tallies(int jobs) {
        for (int i = 0; i != jobs; ++i) {
            std::filesystem::create_directory(folder_.path() + '/' + std::to_string(i));
        }
    }
    [[nodiscard]] const std::string& path() const noexcept { return folder_.path(); }
    [[nodiscard]] std::size_t runs_of(int number) const {
        std::error_code none;
        const auto size =
            std::filesystem::file_size(path() + '/' + std::to_string(number) + "/notes", none);
        return none ? 0 : static_cast<std::size_t>(size);
    }

private:
    eddy::gate folder_;
};

class process_pool_stress : public stress::stress_case {
protected:
    void TearDown() override {
        EXPECT_EQ(eddy::process_jobs::open_descriptors(), descriptors_);
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
        EXPECT_EQ(errno, ECHILD);
        stress::stress_case::TearDown();
    }

private:
    int descriptors_ = eddy::process_jobs::open_descriptors();
};

// The initializer of workers that may be killed: those that have not come so far are let alone, or
// the pool would rightly say that it cannot start any.
void announce(const std::string& in) {
    std::filesystem::create_directory(in + '/' + std::to_string(::getpid()));
}
EDDY_FUNCTION(announce);

// Kills a worker of the pool now and then, while it lives.
class killer {
public:
    killer(process_pool_executor& pool, const std::string& announced)
        : thread_([this, &pool, announced] {
              eddy::random_source numbers(eddy::process_seed());
              while (!ended_) {
                  std::this_thread::sleep_for(std::chrono::milliseconds(1 + numbers.below(30)));
                  const std::vector<int> pids = pool.pids();
                  if (!pids.empty()) {
                      kill_one(pool, announced, pids[numbers.below(pids.size())]);
                  }
              }
          }) {}
    ~killer() {
        ended_ = true;
        thread_.join();
    }
    [[nodiscard]] int kills() const noexcept { return kills_; }

private:
    void kill_one(const process_pool_executor& pool, const std::string& announced, int victim) {
        const eddy::owned_fd watched(eddy::sys::pidfd_open(victim).fd);
        // Still the pool's after it was opened: so it is that process, and nobody else's.
        if (watched && std::ranges::count(pool.pids(), victim) == 1 &&
            std::filesystem::exists(announced + '/' + std::to_string(victim)) &&
            !eddy::sys::pidfd_send_signal(watched.get(), SIGKILL)) {
            ++kills_;
        }
    }

    std::atomic<bool> ended_ = false;
    std::atomic<int> kills_ = 0;
    std::thread thread_;
};

eddy::process_pool_options that_announce(const eddy::gate& in, std::size_t processes) {
    return {.processes_max = processes,
            .initializer = eddy::registered_call(announce, in.path()),
            .ring_bytes = 65536};
}

struct ends {
    int well = 0;
    int broken = 0;
    int cancelled = 0;
};

// How each of `results` has ended.
ends ends_of(const std::vector<eddy::future<int>>& results, const tallies& counts,
             std::size_t runs_max) {
    ends out;
    for (int i = 0; i != static_cast<int>(results.size()); ++i) {
        const auto& each = results[static_cast<std::size_t>(i)];
        (void)eddy::wait_blocking(*each.state(), std::nullopt);
        EXPECT_LE(counts.runs_of(i), runs_max) << i;
        if (each.cancelled()) {
            ++out.cancelled;
        } else if (each.exception() == nullptr) {
            EXPECT_EQ(each.result(), i);
            EXPECT_GE(counts.runs_of(i), 1U) << i;
            ++out.well;
        } else {
            EXPECT_THROW((void)each.result(), eddy::broken_process_pool);
            ++out.broken;
        }
    }
    return out;
}

TEST_F(process_pool_stress, workers_killed_under_load_hang_no_job_and_run_none_twice) {
    const int jobs = scaled(4000);
    const tallies counts(jobs);
    const eddy::gate announced;
    process_pool_executor pool(that_announce(announced, 3));
    std::vector<eddy::future<int>> results;
    int kills = 0;
    {
        const killer kills_workers(pool, announced.path());
        for (int i = 0; i != jobs; ++i) {
            results.push_back(pool.submit(counted, counts.path(), i));
        }
        const ends found = ends_of(results, counts, 1);
        EXPECT_EQ(found.cancelled, 0);
        kills = kills_workers.kills();
        EXPECT_LE(found.broken, kills);
        EXPECT_EQ(found.well + found.broken, jobs);
    }
    std::printf("%d jobs, %d kills\n", jobs, kills);
}

TEST_F(process_pool_stress, repeatable_jobs_end_well_whatever_is_killed) {
    const int jobs = scaled(2000);
    const tallies counts(jobs);
    const eddy::gate announced;
    process_pool_executor pool(that_announce(announced, 3));
    auto repeatable = pool.with({.repeats = 1000});
    std::vector<eddy::future<int>> results;
    const killer kills_workers(pool, announced.path());
    for (int i = 0; i != jobs; ++i) {
        results.push_back(repeatable.submit(counted, counts.path(), i));
    }
    const ends found = ends_of(results, counts, 1001);
    EXPECT_EQ(found.well, jobs);
}

coro<> wait_for_room(process_pool_executor& pool, std::string in, int number) {
    (void)co_await eddy::as_result(co_await pool.submit_async(counted, in, number));
}

TEST_F(process_pool_stress, a_bounded_queue_loses_no_place_while_workers_are_killed) {
    const int jobs = scaled(1000);
    const tallies counts(jobs);
    const eddy::gate announced;
    eddy::process_pool_options options = that_announce(announced, 2);
    options.queue_max = 3;
    process_pool_executor pool(options);
    const killer kills_workers(pool, announced.path());
    eddy::run(
        [](process_pool_executor& pool, const tallies& counts, int jobs) -> coro<> {
            std::vector<eddy::task<>> all;
            for (int i = 0; i != jobs; ++i) {
                all.push_back(eddy::create_task(wait_for_room(pool, counts.path(), i)));
                const auto withdrawn = pool.submit_in_line(eddy::process_jobs::twice, i);
                co_await eddy::yield();
                (void)withdrawn.cancel();
                (void)all[static_cast<std::size_t>(eddy::random_below(all.size()))].cancel();
            }
            for (const auto& each : all) {
                (void)co_await eddy::as_result(each);
            }
        }(pool, counts, jobs),
        {.workers = 3});
    for (int i = 0; i != jobs; ++i) {
        EXPECT_LE(counts.runs_of(i), 1U) << i;
    }
    while (pool.queued() != 0) { // what nobody waits for any more
        std::this_thread::yield();
    }
}

TEST_F(process_pool_stress, large_arguments_survive_kills) {
    const eddy::gate announced;
    process_pool_executor pool(that_announce(announced, 2));
    const killer kills_workers(pool, announced.path());
    const std::string text(std::size_t{3} << 20, 'x');
    for (int i = 0; i != scaled(60); ++i) {
        const auto one = pool.submit(eddy::process_jobs::echo, text);
        const auto other = pool.submit(eddy::process_jobs::echo, text);
        for (const auto& each : {one, other}) {
            (void)eddy::wait_blocking(*each.state(), std::nullopt);
            if (each.exception() == nullptr) {
                EXPECT_TRUE(each.result() == text);
            }
        }
    }
}

TEST_F(process_pool_stress, cancels_at_random_end_each_job_once) {
    const int jobs = scaled(4000);
    const tallies counts(jobs);
    process_pool_executor pool(3);
    std::vector<eddy::future<int>> results;
    eddy::random_source numbers(eddy::process_seed());
    for (int i = 0; i != jobs; ++i) {
        auto options = numbers.below(16) == 0 ? eddy::job_cancel::kills_process
                                              : eddy::job_cancel::drops_result;
        results.push_back(pool.with({.on_cancel = options}).submit(counted, counts.path(), i));
        (void)results[numbers.below(results.size())].cancel();
    }
    const ends found = ends_of(results, counts, 1);
    EXPECT_EQ(found.well + found.cancelled + found.broken, jobs);
    EXPECT_EQ(found.broken, 0);
}

TEST_F(process_pool_stress, deadlines_at_random_leave_nothing_behind) {
    process_pool_executor pool(2);
    eddy::random_source numbers(eddy::process_seed());
    std::vector<eddy::future<>> results;
    for (int i = 0; i != scaled(60); ++i) {
        auto limited = pool.with({.limit = std::chrono::microseconds(numbers.below(5000))});
        results.push_back(limited.submit(eddy::process_jobs::never_end));
    }
    for (const auto& each : results) {
        (void)eddy::wait_blocking(*each.state(), std::nullopt);
        EXPECT_THROW((void)each.result(), eddy::timeout_error);
    }
    EXPECT_EQ(pool.apply(eddy::process_jobs::twice, 2), 4);
}

TEST_F(process_pool_stress, a_shutdown_under_load_runs_refuses_or_cancels_each_job) {
    for (int round = 0; round != scaled(20); ++round) {
        const tallies counts(0);
        process_pool_executor pool(2);
        std::atomic<int> accepted = 0;
        std::vector<std::thread> submitters;
        for (int i = 0; i != 3; ++i) {
            submitters.emplace_back([&] {
                try {
                    for (;;) {
                        (void)pool.submit(eddy::process_jobs::noted, counts.path(), 1);
                        ++accepted;
                    }
                } catch (const eddy::executor_shut_down&) {
                }
            });
        }
        while (accepted < 50) {
            std::this_thread::yield();
        }
        const bool cancels = round % 2 == 1;
        pool.shutdown({.cancel_pending = cancels});
        for (std::thread& each : submitters) {
            each.join();
        }
        std::error_code none;
        const auto ran = std::filesystem::file_size(counts.path() + "/notes", none);
        EXPECT_LE(none ? 0 : ran, static_cast<std::uintmax_t>(accepted));
        if (!cancels) {
            EXPECT_EQ(ran, static_cast<std::uintmax_t>(accepted));
        }
    }
}

TEST_F(process_pool_stress, several_runtimes_may_share_a_pool) {
    process_pool_executor pool(2);
    std::vector<std::thread> loops;
    const int jobs = scaled(1000);
    for (int i = 0; i != 3; ++i) {
        loops.emplace_back([&] {
            eddy::run(
                [](process_pool_executor& pool, int jobs) -> coro<> {
                    for (int k = 0; k != jobs; ++k) {
                        EXPECT_EQ(
                            co_await eddy::run_in_executor(pool, eddy::process_jobs::twice, k),
                            2 * k);
                    }
                }(pool, jobs),
                {.workers = 2});
        });
    }
    for (std::thread& each : loops) {
        each.join();
    }
}

TEST_F(process_pool_stress, arguments_of_a_hundred_megabytes_work) {
    process_pool_executor pool(1);
    const std::string text(std::size_t{100} << 20, 'x');
    EXPECT_TRUE(pool.apply(eddy::process_jobs::echo, text) == text);
}

TEST_F(process_pool_stress, a_process_may_compute_as_long_as_it_was_given) {
    process_pool_executor pool({.processes_max = 1, .cpu_time_max = std::chrono::seconds(1)});
    const auto job = pool.submit(eddy::process_jobs::compute_for_ever);
    (void)eddy::wait_blocking(*job.state(), std::nullopt);
    try {
        job.result();
        ADD_FAILURE();
    } catch (const eddy::broken_process_pool& error) {
        EXPECT_EQ(error.status(), -SIGXCPU);
    }
}

} // namespace
