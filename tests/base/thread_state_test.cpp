// thread_state_test.cpp — what another thread does, seen from outside.
//
// Covers:    a thread that runs, waits for a processor, blocks in the kernel; one that is gone.

#include "base/thread_state.hpp"
#include <eddy/base/atomic.hpp>
#include <eddy/base/syscall.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <latch>
#include <thread>

#include <sched.h>

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

} // namespace
} // namespace eddy
