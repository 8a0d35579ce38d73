// thread_state_test.cpp — what another thread does, seen from outside.
//
// Covers:    a thread that runs, waits for a processor, blocks in the kernel; one that is gone; for
//            how long one has waited; how many there are, with one that has ended and is listed.

#include "base/thread_state.hpp"
#include <eddy/base/atomic.hpp>
#include <eddy/base/syscall.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <latch>
#include <thread>

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace eddy {
namespace {

// A thread that says which one it is, and then does something until it is told to end.
class other_thread {
public:
    explicit other_thread(std::function<void(const atomic<bool>& over)> what)
        : thread_([this, what = std::move(what)] {
              id_.store(sys::gettid(), release);
              what(over_);
          }) {
        while (id() == 0) {
            sys::sched_yield();
        }
    }
    ~other_thread() { end(); }
    other_thread(const other_thread&) = delete;
    other_thread& operator=(const other_thread&) = delete;

    [[nodiscard]] int id() const { return id_.load(acquire); }
    void end() {
        over_.store(true, release);
        if (thread_.joinable()) {
            thread_.join();
        }
    }

private:
    atomic<int> id_{0};
    atomic<bool> over_{false};
    std::thread thread_;
};

void spin(const atomic<bool>& over) {
    while (!over.load(acquire)) {
        native_sync::pause();
    }
}

// Others may have the processors, so a state is waited for: the test hangs if it never comes.
void wait_for(thread_state wanted, int thread) {
    while (state_of_thread(thread) != wanted) {
        sys::sched_yield();
    }
}

void stay_on_one_processor() {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(::sched_getcpu(), &only);
    ASSERT_EQ(::sched_setaffinity(0, sizeof only, &only), 0);
}

TEST(thread_state, of_a_thread_that_spins_is_that_it_runs) {
    const other_thread spins(spin);
    wait_for(thread_state::runs, spins.id());
}

TEST(thread_state, of_a_thread_in_a_system_call_that_waits_is_that_it_is_blocked) {
    std::latch end(1);
    const other_thread sleeps([&](const auto&) { end.wait(); });
    wait_for(thread_state::blocked, sleeps.id());
    end.count_down();
}

TEST(thread_state, of_a_thread_whose_processor_another_one_has_is_that_it_waits) {
    std::thread here([] { // its affinity goes with it
        stay_on_one_processor();
        const other_thread spins(spin); // inherits it: one of the two waits
        wait_for(thread_state::waits, spins.id());
    });
    here.join();
}

TEST(thread_state, of_a_thread_that_has_ended_is_not_known) {
    other_thread ends(spin);
    ends.end();
    wait_for(thread_state::unknown, ends.id()); // the kernel still tidies up after the join
}

TEST(thread_state, has_the_time_without_a_processor_where_the_kernel_counts_it) {
    if (!std::filesystem::exists("/proc/self/schedstat")) {
        GTEST_SKIP() << "a kernel without CONFIG_SCHED_INFO";
    }
    std::thread here([] {
        stay_on_one_processor();
        const other_thread spins(spin);
        while (time_without_processor(spins.id()) <= clock::duration::zero()) {
            native_sync::pause(); // has the processor that the other one wants
        }
    });
    here.join();
}

TEST(living_threads, are_those_that_have_begun_and_not_ended) {
    const std::size_t before = living_threads();
    {
        const other_thread more(spin);
        EXPECT_EQ(living_threads(), before + 1);
        EXPECT_EQ(living_threads(SIZE_MAX), before + 1);
    }
    EXPECT_EQ(living_threads(), before);
}

// In a process of its own, whose first thread ends: it stays listed until the process ends.
TEST(living_threads, do_not_include_one_that_has_ended_and_is_still_listed) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::thread([first = sys::gettid(), before = living_threads()] {
            wait_for(thread_state::unknown, first);
            const bool listed = living_threads(SIZE_MAX) == before + 1;
            ::_exit(listed && living_threads() == before ? 0 : 1);
        }).detach();
        ::syscall(SYS_exit, 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

} // namespace
} // namespace eddy
