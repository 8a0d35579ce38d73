// failure_stress.cpp — memory and system calls that fail, one after the other.
//
// Covers:    the n-th operator new of a program throws, for every n: in its tasks, in starting and
//            closing the runtime, with one worker and with two; epoll_create1, epoll_ctl, eventfd
//            and threads that cannot be had when a runtime starts. An item that passes through a
//            queue or a channel needs none.
// Expect:    nothing terminates, leaks, hangs, or is scheduled by halves; the next run is as good
//            as ever.

#include "stress/programs.hpp"
#include "stress/replaced_new.hpp"
#include "stress/stress_case.hpp"
#include <eddy/base/fault_plan.hpp>
#include <eddy/base/syscall.hpp>
#include <eddy/eddy.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace {

/// How many more calls of operator new succeed before one fails; negative: all do.
constinit std::atomic<long> allocations_left{-1};
constinit std::atomic<bool> one_failed{false};

} // namespace

bool stress::next_allocation_fails() noexcept {
    const bool fails = allocations_left.load() >= 0 && allocations_left.fetch_sub(1) == 0;
    if (fails) {
        one_failed.store(true);
    }
    return fails;
}

namespace {

using namespace std::chrono_literals;
using eddy::coro;
using stress::stress_case;

using programs::alive;
using programs::work;

class failure_stress : public stress_case, public testing::WithParamInterface<unsigned> {
protected:
    /// Runs `program` again and again, each time with a later allocation failing, until none does.
    template <typename Program>
    void fail_each_allocation(Program program) {
        eddy::run(program(), options()); // caches are warm after this
        int failures = 0;
        callbacks = callback_rule::may_throw; // those of the program allocate too
        for (long n = 0;; ++n) {
            one_failed.store(false);
            allocations_left.store(n);
            try {
                eddy::run(program(), options());
            } catch (const std::bad_alloc&) {
            } catch (const eddy::cancelled_error&) {
            }
            allocations_left.store(-1);
            ASSERT_EQ(alive.load(), 0) << "after failure " << n;
            if (!one_failed.load()) {
                break;
            }
            ++failures;
        }
        EXPECT_GT(failures, 5);
        std::printf("%d allocations failed, one a run\n", failures);
        eddy::run(program(), options());
    }

    static eddy::runtime_options options() { return {.workers = GetParam(), .virtual_time = true}; }
};

INSTANTIATE_TEST_SUITE_P(workers, failure_stress, testing::Values(1U, 2U),
                         testing::PrintToStringParamName());

TEST_P(failure_stress, of_memory_for_tasks) {
    fail_each_allocation(programs::tasks);
}
TEST_P(failure_stress, of_memory_for_waits) {
    fail_each_allocation(programs::waits);
}
TEST_P(failure_stress, of_memory_for_forks) {
    fail_each_allocation(programs::forks);
}
TEST_P(failure_stress, of_memory_for_loops) {
    fail_each_allocation(programs::loops);
}
// A watch that could not be added must not be called, nor be left in the reactor.
coro<> watched(std::shared_ptr<const std::array<int, 2>> pipe) {
    eddy::event_loop& loop = eddy::get_running_loop();
    auto calls = std::make_shared<std::atomic<int>>(0);
    bool added = false;
    try {
        loop.add_writer((*pipe)[1], [calls] { ++*calls; });
        added = true;
    } catch (const std::bad_alloc&) {
    } catch (const std::system_error& error) { // the reactor's table
        EXPECT_EQ(error.code(), std::errc::not_enough_memory);
    }
    if (!added) {
        for (int i = 0; i != 5; ++i) {
            co_await eddy::sleep(1ms);
        }
        EXPECT_EQ(calls->load(), 0);
    }
    EXPECT_EQ(loop.remove_writer((*pipe)[1]), added);
}

TEST_P(failure_stress, of_memory_for_watches) {
    const auto pipe = std::make_shared<const std::array<int, 2>>(eddy::sys::pipe2());
    fail_each_allocation([&] { return watched(pipe); });
    (void)eddy::sys::close((*pipe)[0]);
    (void)eddy::sys::close((*pipe)[1]);
}
TEST_P(failure_stress, of_memory_anywhere) {
    fail_each_allocation(programs::all);
}

// Without virtual time, where thieves, timers and parking take part.
TEST_P(failure_stress, of_memory_in_real_time) {
    callbacks = callback_rule::may_throw;
    for (long n = 0; n != static_cast<long>(stress::scaled(100)); ++n) {
        allocations_left.store(n);
        try {
            eddy::run(programs::all(), {.workers = GetParam() + 2});
        } catch (const std::bad_alloc&) {
        } catch (const eddy::cancelled_error&) {
        }
        allocations_left.store(-1);
        ASSERT_EQ(alive.load(), 0) << "after failure " << n;
    }
}

TEST_F(stress_case, a_task_whose_creation_fails_is_not_there_at_all) {
    auto main = []() -> coro<> {
        for (long n = 0;; ++n) {
            const std::size_t before = eddy::all_tasks().size();
            coro<std::string> body = work(1);
            one_failed.store(false);
            allocations_left.store(n);
            try {
                const auto made = eddy::create_task(
                    std::move(body), {.name = "a name that does not fit into its object"});
                allocations_left.store(-1);
                (void)co_await made;
                EXPECT_FALSE(made.name().empty());
                if (!one_failed.load()) {
                    co_return;
                }
            } catch (const std::bad_alloc&) {
                allocations_left.store(-1);
                EXPECT_EQ(eddy::all_tasks().size(), before);
                EXPECT_EQ(alive.load(), 0);
            }
        }
    };
    eddy::run(main(), {.workers = 1, .virtual_time = true});
}

// -- what needs no memory; but with AddressSanitizer each frame is an allocation --

#ifndef EDDY_FRAME_CACHE_OFF
coro<> pass_items() {
    eddy::queue<int> q;
    eddy::channel<int> c(4);
    auto pass = [&](int item) -> coro<> {
        co_await q.put(item);
        co_await c.send(co_await q.get());
        (void)co_await c.receive();
        q.task_done();
        co_await q.join();
        const auto seen = co_await eddy::select(c.receive(), q.get(), eddy::sleep(0s));
        EXPECT_EQ(seen.index(), 2U);
    };
    co_await pass(0); // frames are cached after this, and the queue has its first ring
    one_failed.store(false);
    allocations_left.store(0);
    for (int i = 0; i != 1000 && !one_failed.load(); ++i) {
        co_await pass(i);
    }
    allocations_left.store(-1);
    EXPECT_FALSE(one_failed.load()) << "an item allocates";
}

TEST_P(failure_stress, of_memory_hurts_no_item_on_its_way) {
    eddy::run(pass_items(), options());
}

// So many values that a copy of the context is no block of the frame cache.
TEST_F(stress_case, a_task_whose_context_cannot_be_copied_does_not_begin) {
    struct bound {
        eddy::context_var<int> variable{"a variable"};
        eddy::context_token token = variable.set(1);
    };
    auto main = []() -> coro<> {
        const auto all = std::make_unique<std::array<bound, 1000>>();
        bool ran = false;
        auto body = [](bool& ran) -> coro<> {
            ran = true;
            co_return;
        };
        co_await eddy::create_task(body(ran)); // warm
        EXPECT_TRUE(std::exchange(ran, false));
        allocations_left.store(0);
        const auto made = eddy::create_task(body(ran));
        allocations_left.store(-1);
        const auto result = co_await eddy::as_result(made);
        EXPECT_TRUE(result.holds<std::bad_alloc>());
        EXPECT_FALSE(ran);
        EXPECT_EQ(alive.load(), 0);
    };
    eddy::run(main(), {.workers = 1, .virtual_time = true});
}
#endif

// -- starting --

coro<int> one() {
    co_return 1;
}

/// Whether a runtime of four workers starts.
bool starts() {
    try {
        eddy::runtime runtime({.workers = 4});
        EXPECT_EQ(runtime.run_until_complete(one()), 1);
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

class start_failure : public stress_case, public testing::WithParamInterface<eddy::sys::call> {};

INSTANTIATE_TEST_SUITE_P(calls, start_failure,
                         testing::Values(eddy::sys::call::epoll_create1, eddy::sys::call::eventfd,
                                         eddy::sys::call::epoll_ctl),
                         [](const auto& info) {
                             switch (info.param) {
                             case eddy::sys::call::epoll_create1:
                                 return "epoll_create1";
                             case eddy::sys::call::eventfd:
                                 return "eventfd";
                             default:
                                 return "epoll_ctl";
                             }
                         });

TEST_P(start_failure, is_thrown_and_leaves_nothing_behind) {
    for (std::size_t i = 1; i <= 4; ++i) {
        eddy::sys::fault_plan plan;
        plan.fail(GetParam(), i, EMFILE);
        EXPECT_FALSE(starts()) << i;
        EXPECT_TRUE(starts()) << i;
    }
}

#ifndef EDDY_STRESS_SLOW // sanitizers need more address space than that
TEST_F(stress_case, threads_that_cannot_be_had_are_a_system_error) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
    rlimit tight = before;
    tight.rlim_cur =
        pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + (std::size_t{20} << 20U);
    ASSERT_EQ(setrlimit(RLIMIT_AS, &tight), 0);
    const auto too_many = [] { const eddy::runtime runtime({.workers = 200}); };
    EXPECT_THROW(too_many(), std::system_error);
    ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
    EXPECT_TRUE(starts());
}
#endif

} // namespace
