// process_pool_memory_stress.cpp — the thread of a process pool, without memory.
//
// Covers:    the n-th operator new of that thread throws, for every n, and the next ones too: while
//            it reads results and errors, starts a process, buries one, keeps a deadline.
// Expect:    nothing terminates or hangs; each future is done; what it gives is right; no process
//            is left.

#include "exec/process_jobs.hpp"
#include "stress/replaced_new.hpp"
#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <new>
#include <optional>
#include <string>
#include <thread>

#include <sys/wait.h>

namespace {

/// Of this thread: how many more calls of operator new succeed before `failures` ones fail;
/// negative: all do.
constinit thread_local long allocations_left = -1;
constinit thread_local long failures = 0;
constinit std::atomic<bool> one_failed{false};

} // namespace

bool stress::next_allocation_fails() noexcept {
    if (allocations_left == 0 && failures != 0) {
        --failures;
        one_failed.store(true);
        return true;
    }
    allocations_left -= allocations_left > 0 ? 1 : 0;
    return false;
}

namespace {

using namespace std::chrono_literals;
namespace jobs = eddy::process_jobs;

class process_pool_memory_stress : public stress::stress_case {
protected:
    /// True: an allocation failed.
    static bool fail_from(long nth, long times) {
        one_failed.store(false);
        {
            eddy::process_pool_executor pool(1);
            make_fail(pool, nth, times);
            do_all(pool);
        }
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "after failure " << nth;
        EXPECT_EQ(errno, ECHILD);
        return one_failed.load();
    }

private:
    // The callback of a job that blocks when it is added runs on the thread of the pool.
    static void make_fail(eddy::process_pool_executor& pool, long nth, long times) {
        eddy::gate busy;
        std::atomic<bool> set = false;
        (void)pool.apply_async(jobs::passed, busy.path(), 1, [&set, nth, times](int) {
            allocations_left = nth;
            failures = times;
            set = true;
        });
        busy.open();
        while (!set) {
            std::this_thread::yield();
        }
    }
    static void do_all(eddy::process_pool_executor& pool) {
        try {
            gives(pool.submit(jobs::twice, 4), 8);
            gives(pool.submit(jobs::echo, std::string(3 << 20, 'x')), std::string(3 << 20, 'x'));
            ends(pool.submit(jobs::throw_one, 1));
            ends(pool.submit(jobs::die_by, SIGKILL));
            ends(pool.with({.limit = 1ms}).submit(jobs::never_end));
            gives(pool.submit(jobs::twice, 5), 10);
        } catch (const eddy::broken_process_pool&) { // it is broken: that is an answer
        }
    }
    template <typename T>
    static void ends(const eddy::future<T>& job) {
        (void)eddy::wait_blocking(*job.state(), std::nullopt);
        EXPECT_THROW(job.check_failure(), std::exception);
    }
    // Without an error it is right.
    template <typename T>
    static void gives(const eddy::future<T>& job, const T& right) {
        (void)eddy::wait_blocking(*job.state(), std::nullopt);
        try {
            job.check_failure();
        } catch (const std::bad_alloc&) {
            return;
        } catch (const eddy::broken_process_pool&) {
            return;
        }
        EXPECT_EQ(job.result(), right);
    }
};

TEST_F(process_pool_memory_stress, each_allocation_of_the_thread_fails_once) {
    long nth = 0;
    while (fail_from(nth, 1)) {
        ++nth;
    }
    EXPECT_GT(nth, 5);
    std::printf("%ld allocations failed, one a run\n", nth);
}

TEST_F(process_pool_memory_stress, all_allocations_of_the_thread_fail_from_one_on) {
    long nth = 0;
    while (fail_from(nth, 1'000'000)) {
        nth += 1 + nth / 8;
    }
    EXPECT_GT(nth, 5);
}

} // namespace
