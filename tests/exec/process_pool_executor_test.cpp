// process_pool_executor_test.cpp — calls in other processes, and everything that can happen to
// those.
//
// Covers:    results and exceptions; a process that crashes, exits, is killed, never ends, or
//            scribbles over what it shares; jobs that are repeatable; deadlines, cancels; limits,
//            the initializer, max tasks; large arguments; what a worker inherits; shutdown.
// Not here:  what all executors have in common -> executor_test.cpp; many at once, kills at random,
//            what takes a second -> stress/process_pool_stress.cpp.

#include "exec/process_jobs.hpp"
#include <eddy/base/fault_plan.hpp>
#include <eddy/testing/co_test.hpp>

#include <algorithm>
#include <set>
#include <thread>

#include <poll.h>
#include <sys/syscall.h>

#if defined(__has_feature)
#define EDDY_TEST_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define EDDY_TEST_SANITIZED 0
#endif

namespace eddy {
namespace {

static_assert(executor<process_pool_jobs>); // the pool itself: executor_test.cpp

using namespace std::chrono_literals;
namespace jobs = process_jobs;

// What broke the pool for a job; nothing if it did not.
template <typename T>
std::optional<broken_process_pool> broken(const future<T>& job) {
    (void)wait_blocking(*job.state(), std::nullopt);
    try {
        job.check_failure();
    } catch (const broken_process_pool& error) {
        return error;
    } catch (const std::exception& other) {
        ADD_FAILURE() << other.what();
    }
    return std::nullopt;
}

std::size_t descriptors_here() {
    return static_cast<std::size_t>(jobs::open_descriptors());
}

// -- results --

TEST(process_pool_executor, a_job_runs_in_another_process) {
    process_pool_executor pool(1);
    EXPECT_EQ(pool.processes(), 0U); // none before there is something to do
    const int where = pool.apply(jobs::pid);
    EXPECT_NE(where, ::getpid());
    EXPECT_EQ(pool.apply(jobs::pid), where);
    EXPECT_EQ(pool.pids(), std::vector{where});
}

TEST(process_pool_executor, exceptions_arrive_as_what_they_are) {
    process_pool_executor pool(1);
    EXPECT_THROW(pool.apply(jobs::throw_one, 0), std::out_of_range);
    EXPECT_THROW(pool.apply(jobs::throw_one, 1), jobs::registered_error);
    try {
        pool.apply(jobs::throw_one, 2);
        ADD_FAILURE();
    } catch (const remote_error& error) {
        EXPECT_EQ(error.type_name(), "eddy::process_jobs::unknown_error");
        EXPECT_EQ(error.message(), "unknown");
    }
    EXPECT_THROW(pool.apply(jobs::throw_one, 3), remote_error);
    try { // what() gives nullptr
        pool.apply(jobs::throw_one, 4);
        ADD_FAILURE();
    } catch (const remote_error& error) {
        EXPECT_EQ(error.message(), "");
    }
}

int nobody_knows_me() {
    return 1;
}

TEST(process_pool_executor, a_function_that_is_not_registered_is_refused_at_once) {
    process_pool_executor pool(1);
    EXPECT_THROW((void)pool.submit(nobody_knows_me), function_not_registered);
    EXPECT_EQ(pool.processes(), 0U);
}

TEST(process_pool_executor, what_is_longer_than_a_ring_goes_through_it_in_pieces) {
    process_pool_executor pool({.processes_max = 1, .ring_bytes = 4096});
    for (const std::size_t size : {0U, 4000U, 4096U, 5000U, 1'000'000U}) {
        std::string text(size, 'x');
        for (std::size_t i = 0; i < size; i += 997) {
            text[i] = static_cast<char>('a' + i % 26);
        }
        EXPECT_EQ(pool.apply(jobs::echo, text), text);
    }
}

TEST(process_pool_executor, any_thread_may_submit) {
    process_pool_executor pool(2);
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
        threads.emplace_back([&pool, i] {
            for (int k = 0; k != 50; ++k) {
                EXPECT_EQ(pool.apply(jobs::twice, i * k), 2 * i * k);
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    EXPECT_LE(pool.processes(), 2U);
}

// -- processes that die --

TEST(process_pool_executor, a_crash_breaks_its_job_and_nothing_else) {
    process_pool_executor pool(1);
    const auto error = broken(pool.submit(jobs::die_by, SIGSEGV));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->status(), -SIGSEGV);
    const std::string text = error->what();
    EXPECT_NE(text.find("signal 11 (Segmentation fault)"), std::string::npos) << text;
    EXPECT_NE(text.find("while it ran eddy::process_jobs::die_by"), std::string::npos) << text;
    EXPECT_EQ(pool.apply(jobs::twice, 2), 4);
}

TEST(process_pool_executor, an_exit_in_a_job_breaks_it_too) {
    process_pool_executor pool(1);
    for (const int status : {0, 3}) {
        const auto error = broken(pool.submit(jobs::leave, status));
        ASSERT_TRUE(error);
        EXPECT_EQ(error->status(), status);
    }
    EXPECT_EQ(pool.apply(jobs::twice, 2), 4);
}

TEST(process_pool_executor, a_process_that_is_killed_breaks_the_job_it_had_begun_only) {
    process_pool_executor pool(1);
    gate busy;
    const auto begun = pool.submit(jobs::passed, busy.path(), 1);
    const auto second = pool.submit(jobs::twice, 2); // waits in its ring, or in the queue
    const auto third = pool.submit(jobs::twice, 3);
    busy.wait_until_reached(1);
    ::kill(pool.pids().at(0), SIGKILL);
    const auto error = broken(begun);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->status(), -SIGKILL);
    (void)wait_blocking(*third.state(), std::nullopt);
    EXPECT_EQ(second.result(), 4);
    EXPECT_EQ(third.result(), 6);
}

TEST(process_pool_executor, a_job_that_has_begun_is_not_run_again) {
    process_pool_executor pool(1);
    const gate ran;
    EXPECT_TRUE(broken(pool.submit(jobs::die_at_first, ran.path(), 2)));
    EXPECT_EQ(ran.notes(), 1U);
}

TEST(process_pool_executor, a_repeatable_job_is_run_again_so_many_times) {
    process_pool_executor pool(1);
    auto repeatable = pool.with({.repeats = 2});
    const gate ran;
    EXPECT_EQ(repeatable.apply(jobs::die_at_first, ran.path(), 3), 3);
    EXPECT_EQ(ran.notes(), 3U);
    const gate never;
    EXPECT_TRUE(broken(repeatable.submit(jobs::die_at_first, never.path(), 100)));
    EXPECT_EQ(never.notes(), 3U);
}

TEST(process_pool_executor, a_process_that_scribbles_over_what_it_shares_breaks_its_job_only) {
    process_pool_executor pool(1);
    for (const int with : {0x01, 0x80, 0xff}) {
        EXPECT_TRUE(broken(pool.submit(jobs::scribble, with))) << with;
        EXPECT_EQ(pool.apply(jobs::twice, 2), 4);
    }
}

// -- limits of time --

TEST(process_pool_executor, a_job_that_never_ends_is_killed_by_its_limit) {
    process_pool_executor pool(1);
    auto limited = pool.with({.limit = 1ms});
    EXPECT_THROW(limited.apply(jobs::never_end), timeout_error);
    EXPECT_THROW(limited.apply(jobs::compute_for_ever), timeout_error);
    EXPECT_EQ(pool.apply(jobs::twice, 2), 4);
}

TEST(process_pool_executor, a_limit_holds_in_the_queue_too) {
    process_pool_executor pool(1);
    gate busy;
    const gate ran;
    const auto blocks = pool.submit(jobs::passed, busy.path(), 1);
    busy.wait_until_reached(1);
    std::vector<future<int>> late;
    for (int i = 0; i != 4; ++i) {
        late.push_back(pool.with({.limit = 1ms}).submit(jobs::noted, ran.path(), i));
    }
    for (const auto& each : late) {
        (void)wait_blocking(*each.state(), std::nullopt);
        EXPECT_THROW((void)each.result(), timeout_error);
    }
    busy.open();
    pool.shutdown();
    EXPECT_EQ(blocks.result(), 1);
    EXPECT_EQ(ran.notes(), 0U);
}

CO_TEST(process_pool_executor, the_deadline_of_the_caller_kills_a_job_that_never_ends) {
    process_pool_executor pool(1);
    const auto late = co_await as_result(timeout(
        5ms, [&](timeout_scope&) -> coro<> { co_await run_in_executor(pool, jobs::never_end); }));
    EXPECT_TRUE(late.holds<timeout_error>());
    EXPECT_EQ(co_await pool.submit(jobs::twice, 2), 4);
    co_await pool.aclose();
}

CO_TEST(process_pool_executor, a_job_knows_the_deadline_of_its_caller) {
    process_pool_executor pool(1);
    EXPECT_FALSE(co_await pool.submit(jobs::has_a_deadline));
    EXPECT_TRUE(co_await wait_for(run_in_executor(pool, jobs::has_a_deadline), 1h));
    co_await pool.aclose();
}

// -- cancels --

TEST(process_pool_executor, a_cancel_kills_the_process_if_that_was_asked_for) {
    process_pool_executor pool(1);
    gate busy;
    auto harsh = pool.with({.on_cancel = job_cancel::kills_process});
    const auto stuck = harsh.submit(jobs::passed, busy.path(), 1);
    busy.wait_until_reached(1);
    const int pid = pool.pids().at(0);
    EXPECT_TRUE(stuck.cancel());
    EXPECT_NE(pool.apply(jobs::pid), pid);
}

struct slow_to_read {
    int value = 0;
};

} // namespace

// Keeps the thread of the pool while the gate is closed; in the worker it costs nothing.
template <>
struct codec<slow_to_read> {
    static inline std::string gate_path;
    static void encode(code_writer& to, const slow_to_read& from) { to.put(from.value); }
    static slow_to_read decode(code_reader& from) {
        gate::pass(gate_path);
        return {from.get<int>()};
    }
};

namespace {

slow_to_read make_slow(int value) {
    return {value};
}
EDDY_FUNCTION(make_slow);

TEST(process_pool_executor, a_cancel_kills_no_process_that_has_gone_on_to_the_next_job) {
    process_pool_executor pool(1);
    EXPECT_EQ(pool.apply(jobs::twice, 1), 2);
    gate reading;
    gate busy;
    const gate ran;
    codec<slow_to_read>::gate_path = reading.path();
    const auto slow = pool.submit(make_slow, 1);
    auto harsh = pool.with({.on_cancel = job_cancel::kills_process});
    const auto ended = harsh.submit(jobs::noted, ran.path(), 2);
    reading.wait_until_reached(1);
    ran.wait_until_reached(1); // nobody can read its result now
    const auto next = pool.submit(jobs::passed, busy.path(), 3);
    busy.wait_until_reached(1);
    EXPECT_TRUE(ended.cancel());
    reading.open();
    busy.open();
    EXPECT_FALSE(broken(next));
    EXPECT_EQ(next.result(), 3);
    EXPECT_EQ(slow.result().value, 1);
}

TEST(process_pool_executor, a_cancelled_job_is_not_repeated) {
    process_pool_executor pool(1);
    gate busy;
    const auto dropped = pool.with({.repeats = 5}).submit(jobs::passed, busy.path(), 1);
    busy.wait_until_reached(1);
    EXPECT_TRUE(dropped.cancel());
    ::kill(pool.pids().at(0), SIGKILL);
    busy.open();
    EXPECT_EQ(pool.apply(jobs::twice, 1), 2);
    pool.shutdown();
    EXPECT_EQ(busy.notes(), 1U);
}

TEST(process_pool_executor, what_blocks_is_refused_in_a_callback) {
    process_pool_executor pool(1);
    std::atomic<int> refused = 0;
    const auto done = pool.apply_async(jobs::twice, 4, [&](int) {
        EXPECT_THROW(pool.apply(jobs::twice, 4), already_running);
        EXPECT_THROW(pool.shutdown(), already_running);
        refused = 1;
    });
    while (refused == 0) {
        std::this_thread::yield();
    }
}

// -- processes that come and go --

TEST(process_pool_executor, a_process_ends_after_as_many_jobs_as_it_may_run) {
    process_pool_executor pool({.processes_max = 1, .tasks_per_process_max = 2});
    std::vector<int> where;
    for (int i = 0; i != 6; ++i) {
        where.push_back(pool.apply(jobs::pid));
    }
    EXPECT_EQ(where[0], where[1]);
    EXPECT_EQ(where[4], where[5]);
    EXPECT_EQ(std::set<int>(where.begin(), where.end()).size(), 3U);
}

TEST(process_pool_executor, the_initializer_is_called_once_in_each_process) {
    const gate ran;
    process_pool_executor pool({.processes_max = 2,
                                .tasks_per_process_max = 1,
                                .initializer = registered_call(jobs::start_with, ran.path(), 7)});
    for (int i = 0; i != 3; ++i) {
        EXPECT_EQ(pool.apply(jobs::get_started_with), 7);
    }
    pool.shutdown();
    EXPECT_EQ(ran.notes(), 3U);
}

TEST(process_pool_executor, processes_that_cannot_start_break_the_pool_instead_of_looping) {
    for (const int how : {0, 4}) {
        const gate ran;
        process_pool_executor pool(
            {.processes_max = 1,
             .initializer = registered_call(jobs::fail_to_start, ran.path(), how)});
        const auto first = pool.submit(jobs::twice, 1);
        const auto error = broken(first);
        ASSERT_TRUE(error);
        const std::string text = error->what();
        EXPECT_NE(text.find(how == 0 ? "no licence" : "status 4"), std::string::npos) << text;
        EXPECT_THROW((void)pool.submit(jobs::twice, 1), broken_process_pool);
        pool.shutdown();
        EXPECT_EQ(ran.notes(), 3U);
    }
}

TEST(process_pool_executor, a_start_that_the_system_refuses_is_tried_again) {
    sys::fault_plan plan; // outlives the thread of the pool
    process_pool_executor pool(1);
    plan.fail(sys::call::spawn, 1, EAGAIN);
    plan.fail(sys::call::memfd_create, 2, EMFILE);
    EXPECT_EQ(pool.apply(jobs::twice, 1), 2);
    pool.shutdown();
}

TEST(process_pool_executor, a_start_that_is_always_refused_breaks_the_pool) {
    sys::fault_plan plan; // outlives the thread of the pool
    process_pool_executor pool(1);
    plan.fail(sys::call::spawn, 1, EAGAIN, 3);
    const auto error = broken(pool.submit(jobs::twice, 1));
    ASSERT_TRUE(error);
    EXPECT_NE(std::string(error->what()).find("posix_spawn"), std::string::npos) << error->what();
    pool.shutdown();
}

TEST(process_pool_executor, a_start_that_is_refused_stops_nobody_who_is_there) {
    sys::fault_plan plan; // outlives the thread of the pool
    process_pool_executor pool(2);
    EXPECT_EQ(pool.apply(jobs::twice, 1), 2);
    plan.fail(sys::call::spawn, 1, EAGAIN, 1'000'000);
    gate busy;
    const auto first = pool.submit(jobs::passed, busy.path(), 1);
    const auto second = pool.submit(jobs::twice, 2);
    busy.open();
    EXPECT_FALSE(broken(first));
    EXPECT_FALSE(broken(second));
    EXPECT_EQ(second.result(), 4);
}

TEST(process_pool_executor,
     a_process_may_allocate_as_much_as_it_was_given_where_no_sanitizer_needs_the_address_space) {
    if (EDDY_TEST_SANITIZED) {
        GTEST_SKIP() << "a sanitizer needs more address space than any limit leaves";
    }
    process_pool_executor pool({.processes_max = 1, .memory_bytes_max = std::uint64_t{512} << 20});
    EXPECT_EQ(pool.apply(jobs::allocate, std::size_t{1} << 20), std::size_t{1} << 20);
    EXPECT_THROW(pool.apply(jobs::allocate, std::size_t{1} << 30), std::bad_alloc);
    EXPECT_EQ(pool.apply(jobs::allocate, std::size_t{1} << 20), std::size_t{1} << 20);
}

TEST(process_pool_executor, options_that_make_no_sense_are_refused) {
    EXPECT_THROW(process_pool_executor(100'000), std::invalid_argument);
    EXPECT_THROW(process_pool_executor({.ring_bytes = 5000}), std::invalid_argument);
    EXPECT_THROW(process_pool_executor({.ring_bytes = 1024}), std::invalid_argument);
}

// -- what a worker is like --

TEST(process_pool_executor, a_worker_inherits_nothing_that_it_does_not_need) {
    process_pool_executor pool({.processes_max = 1, .name = "converter"});
    EXPECT_EQ(pool.apply(jobs::variable, "EDDY_WORKER_PROCESS"), "");
    EXPECT_EQ(pool.apply(jobs::variable, "LD_PRELOAD"), jobs::variable("LD_PRELOAD"));
    EXPECT_EQ(pool.apply(jobs::variable, "PATH"), jobs::variable("PATH"));
    EXPECT_LE(pool.apply(jobs::open_descriptors), 5); // three, and its pipe and bell
    EXPECT_EQ(pool.apply(jobs::bytes_on_stdin), 0);
    EXPECT_EQ(pool.apply(jobs::name), "converter-1");
}

TEST(process_pool_executor, a_job_may_run_a_loop) {
    process_pool_executor pool(1);
    EXPECT_EQ(pool.apply(jobs::on_a_loop, 1), 2);
}

TEST(process_pool_executor, pools_in_workers_go_down_to_a_certain_depth) {
    process_pool_executor pool(1);
    EXPECT_EQ(pool.apply(jobs::pools_below, 1), "in bottom");
    const std::string text = pool.apply(jobs::pools_below, 2);
    EXPECT_NE(text.find("must not have a process pool"), std::string::npos) << text;
}

// Constructed in worker processes too.
process_pool_executor static_pool(1);

TEST(process_pool_executor, a_pool_may_have_static_storage) {
    EXPECT_EQ(static_pool.apply(jobs::twice, 2), 4);
    static_pool.shutdown();
}

TEST(process_pool_executor, a_program_may_have_closed_its_standard_streams) {
    process_pool_executor pool(1);
    EXPECT_EQ(pool.apply(jobs::pool_without_streams, 2), 4);
}

TEST(process_pool_executor, a_worker_ends_with_the_process_that_started_it) {
    process_pool_executor pool(1);
    const int below = pool.apply(jobs::leave_a_worker);
    const int watched = static_cast<int>(::syscall(SYS_pidfd_open, below, 0));
    ASSERT_GE(watched, 0);
    ::kill(pool.pids().at(0), SIGKILL);
    pollfd end{.fd = watched, .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&end, 1, -1), 1);
    ::close(watched);
}

// -- the end --

TEST(process_pool_executor, no_process_and_no_descriptor_is_left) {
    const std::size_t before = descriptors_here();
    std::vector<int> were; // not all children: a sanitizer may have one
    {
        process_pool_executor pool(2);
        were.push_back(pool.apply(jobs::pid));
        EXPECT_TRUE(broken(pool.submit(jobs::die_by, SIGKILL)));
        were.push_back(pool.apply(jobs::pid));
    }
    EXPECT_EQ(descriptors_here(), before);
    for (const int each : were) {
        EXPECT_EQ(::waitpid(each, nullptr, WNOHANG), -1);
        EXPECT_EQ(errno, ECHILD);
    }
}

TEST(process_pool_executor, what_refuses_to_end_is_named_and_killed) {
    const report_log reports;
    process_pool_executor pool(1);
    gate busy;
    const gate ran;
    const auto stuck = pool.with({.repeats = 5}).submit(jobs::passed, busy.path(), 1);
    busy.wait_until_reached(1);
    const auto queued = pool.submit(jobs::noted, ran.path(), 1);
    pool.shutdown({.grace = 1ms});
    ASSERT_EQ(reports.count(report_kind::refuses_to_end), 1U);
    const std::string text = reports.only().message;
    EXPECT_NE(text.find("eddy::process_jobs::passed"), std::string::npos) << text;
    EXPECT_TRUE(broken(stuck));
    EXPECT_TRUE(queued.cancelled());
    EXPECT_EQ(pool.processes(), 0U);
    EXPECT_EQ(ran.notes(), 0U);
}

CO_TEST(process_pool_executor, aclose_kills_what_refuses_to_end) {
    const report_log reports;
    process_pool_executor pool(1);
    gate busy;
    const auto stuck = pool.submit(jobs::passed, busy.path(), 1);
    co_await busy.reached(1);
    co_await pool.aclose({.grace = 1ms});
    EXPECT_EQ(reports.count(report_kind::refuses_to_end), 1U);
    EXPECT_TRUE((co_await as_result(stuck)).holds<broken_process_pool>());
}

TEST(process_pool_executor, a_pool_may_be_let_go_by_the_callback_of_its_last_job) {
    auto pool = std::make_shared<process_pool_executor>(1);
    std::atomic<bool> called = false;
    (void)pool->apply_async(jobs::twice, 4, [&called, pool](int) mutable {
        pool.reset();
        called = true;
    });
    pool.reset();
    while (!called) {
        std::this_thread::yield();
    }
}

TEST(process_pool_executor, a_program_of_which_the_descriptors_are_used_up_is_told) {
    sys::fault_plan plan; // outlives the thread of the pool
    process_pool_executor pool(1);
    plan.fail(sys::call::pipe2, 1, EMFILE, 3);
    const auto error = broken(pool.submit(jobs::twice, 1));
    ASSERT_TRUE(error);
    EXPECT_NE(std::string(error->what()).find("pipe2"), std::string::npos) << error->what();
}

// Of a forked process; a signal is negative.
int exit_status(int child) {
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(process_pool_executor, in_a_forked_process_a_pool_refuses_jobs_and_leaves_its_workers_alone) {
    process_pool_executor pool(1);
    EXPECT_EQ(pool.apply(jobs::twice, 2), 4);
    const int child = ::fork();
    if (child == 0) {
        int status = 1;
        try {
            (void)pool.submit(jobs::twice, 2);
        } catch (const executor_shut_down&) {
            status = 0;
        }
        ::_exit(status);
    }
    EXPECT_EQ(exit_status(child), 0);
    EXPECT_EQ(pool.apply(jobs::twice, 3), 6);
}

// They share the memory of the workers.
TEST(process_pool_executor, a_cancel_in_a_forked_process_withdraws_no_job_of_this_one) {
    process_pool_executor pool(1);
    gate stop;
    const auto begun = pool.submit(jobs::passed, stop.path(), 1);
    stop.wait_until_reached(1);
    const auto sent_ahead = pool.submit(jobs::twice, 2);
    const int child = ::fork();
    if (child == 0) {
        ::_exit(sent_ahead.cancel() ? 0 : 1);
    }
    EXPECT_EQ(exit_status(child), 0);
    stop.open();
    EXPECT_EQ(pool.apply(jobs::twice, 3), 6);
    EXPECT_TRUE(sent_ahead.done());
}

TEST(process_pool_executor, a_forked_process_that_lives_on_does_not_delay_the_end_of_a_pool) {
    process_pool_executor pool(1);
    EXPECT_EQ(pool.apply(jobs::twice, 2), 4);
    const int child = ::fork(); // it has copies of all descriptors
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    pool.shutdown();
    EXPECT_EQ(::kill(child, SIGKILL), 0);
    EXPECT_EQ(exit_status(child), -SIGKILL);
}

} // namespace
} // namespace eddy
