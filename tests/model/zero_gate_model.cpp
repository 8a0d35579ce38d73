// zero_gate_model.cpp — the real zero_gate, as an event and as a latch: who waits is woken, and
// sees what was done before.
//
// Covers:    set while a task begins to wait, and while it is cancelled; many waiters; clear, look
//            and wait against write and set; counting down by several threads. Planted: each order
//            relaxed; a set that writes nothing where the flag is up.
// Not here:  destroying the gate -> tests/stress/sync_stress.cpp, under AddressSanitizer.

#include "model_test.hpp"
#include "waiting.hpp"
#include <eddy/sync/zero_gate.hpp>

#include <array>
#include <optional>

namespace eddy::model {
namespace {

struct gate_waiter : waiting<gate_waiter>, wait_link<model_sync> {};
using gate = zero_gate<gate_waiter, model_sync>;

void set(gate& of) {
    of.change([](std::uint32_t) { return std::optional(0U); });
}
void clear(gate& of) {
    of.change([](std::uint32_t) { return std::optional(1U); });
}

// As zero_wait does it. False: cancelled.
bool wait(gate& of, gate_waiter& self) {
    return of.value() == 0 ||
           self.wait([&] { return of.wait(self); }, [&] { return of.withdraw(self); });
}

/// `Waiters` tasks wait for an event; the first `Cancelled` of them are cancelled; one thread
/// sets it.
template <unsigned Waiters, unsigned Cancelled>
struct event_program {
    static constexpr unsigned threads = Waiters + Cancelled + 1;

    gate of{1};
    std::array<gate_waiter, Waiters> waiters;
    model_sync::var<int> told{0};

    ~event_program() { // of a path that failed
        for (gate_waiter& each : waiters) {
            if (each.linked()) {
                each.unlink();
            }
        }
    }

    void thread(unsigned k) {
        if (k < Waiters) {
            if (wait(of, waiters[k])) {
                require(told == 1, "who was woken does not see what was done before");
            }
        } else if (k < Waiters + Cancelled) {
            gate_waiter& target = waiters[k - Waiters];
            target.cancel([&] { return of.withdraw(target); });
        } else {
            told = 1;
            set(of);
        }
    }
};

enum class setter : unsigned char { writes_always, looks_first };

/// One says that there is work and sets the event, which is set already; the other clears it, looks
/// for work, and waits if there is none.
template <setter How>
struct look_program {
    static constexpr unsigned threads = 2;

    gate of{0};
    gate_waiter waiter;
    model_sync::atomic<int> work{0};

    ~look_program() { // of a path that failed
        if (waiter.linked()) {
            waiter.unlink();
        }
    }

    void thread(unsigned k) {
        if (k == 0) {
            work.store(1, relaxed);
            if (How == setter::writes_always || of.value() != 0) {
                set(of);
            }
            return;
        }
        clear(of);
        if (work.load(relaxed) == 0) {
            (void)wait(of, waiter);
            require(work.load(relaxed) == 1, "woken, and there is no work");
        }
    }
};

/// Two threads count a latch down, one waits for it.
struct latch_program {
    static constexpr unsigned threads = 3;

    gate of{2};
    gate_waiter waiter;
    std::array<model_sync::var<int>, 2> done{};

    void thread(unsigned k) {
        if (k < 2) {
            done[k] = 1;
            of.change([](std::uint32_t left) { return std::optional(left - 1); });
        } else {
            (void)wait(of, waiter);
            require(done[0] == 1 && done[1] == 1, "the latch was open too early");
        }
    }
};

TEST(zero_gate, a_set_wakes_who_waits_or_is_about_to) {
    expect_correct<event_program<1, 0>>("a waiter | set", {.preemptions = 4});
    expect_correct<event_program<2, 0>>("two waiters | set", {.preemptions = 2});
}

TEST(zero_gate, a_waiter_is_woken_or_cancelled_and_keeps_nobody_waiting) {
    expect_correct<event_program<1, 1>>("a waiter | cancel | set", {.preemptions = 3});
    expect_correct<event_program<2, 1>>("two waiters | cancel | set, at random",
                                        {.preemptions = 4, .random_paths = 200'000});
}

TEST(zero_gate, who_clears_looks_and_waits_misses_nothing) {
    expect_correct<look_program<setter::writes_always>>("work, set | clear, look, wait",
                                                        {.preemptions = 4});
}

TEST(zero_gate, a_latch_opens_when_all_have_counted) {
    expect_correct<latch_program>("count | count | wait", {.preemptions = 3});
}

TEST(zero_gate_faults, a_relaxed_change_is_caught) {
    const std::vector<weakening> relaxed_change = {
        {"::try_change(", access::read_modify_write, acq_rel, relaxed}};
    expect_caught<look_program<setter::writes_always>>(
        "try_change relaxed", {.preemptions = 3, .weakened = relaxed_change});
    expect_caught<latch_program>("try_change relaxed, latch",
                                 {.preemptions = 3, .weakened = relaxed_change});
}

TEST(zero_gate_faults, a_section_that_begins_relaxed_is_caught) {
    expect_caught<event_program<1, 0>>(
        "lock relaxed",
        {.preemptions = 3, .weakened = {{"::lock(", access::read_modify_write, acquire, relaxed}}});
}

TEST(zero_gate_faults, a_section_that_ends_relaxed_is_caught) {
    expect_caught<event_program<1, 0>>(
        "unlock relaxed",
        {.preemptions = 3, .weakened = {{"::unlock(", access::store, release, relaxed}}});
}

TEST(zero_gate_faults, a_relaxed_look_is_caught) {
    expect_caught<event_program<1, 0>>(
        "value relaxed",
        {.preemptions = 3, .weakened = {{"::value(", access::load, acquire, relaxed}}});
}

TEST(zero_gate_faults, a_set_that_writes_nothing_where_the_flag_is_up_is_caught) {
    expect_caught<look_program<setter::looks_first>>("set looks first", {.preemptions = 3});
}

} // namespace
} // namespace eddy::model
