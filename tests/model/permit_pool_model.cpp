// permit_pool_model.cpp — the real permit_pool, as a lock and as a semaphore, with the real
// branch_word of those who wait: nobody waits for ever, no permit is lost or given twice.
//
// Covers:    hand-over, also while the waiter is still queueing or being cancelled; a cancelled
//            waiter that was handed its permits; one that kept others waiting; two of those at
//            once.
//            Planted: each order relaxed; wake-ups under the lock; a withdrawal that wakes nobody;
//            permits kept by a cancelled waiter.
// Not here:  the ops, which add the scheduling -> tests/sync.

#include "model_test.hpp"
#include "waiting.hpp"
#include <eddy/sync/permit_pool.hpp>

#include <array>

namespace eddy::model {
namespace {

struct permit_waiter : waiting<permit_waiter>, wait_link<model_sync> {
    [[nodiscard]] std::uint32_t wanted() const noexcept { return count; }
    std::uint32_t count = 1;
};

using real_pool = permit_pool<permit_waiter, model_sync>;

// What wait_word allows and permit_pool must not do: the same with one fault each.
enum class fault : unsigned char { wakes_in_the_section, withdrawal_wakes_nobody };

template <fault Fault>
class faulty_pool {
public:
    explicit faulty_pool(std::uint32_t permits) : word_(permits) {}

    [[nodiscard]] std::uint32_t value() const { return word_.value(); }
    bool try_take(std::uint32_t) { return false; }
    bool take_or_wait(permit_waiter& waiter) {
        section inside(word_);
        if (inside.waiters().empty() && inside.value() >= waiter.wanted()) {
            inside.set(inside.value() - waiter.wanted());
            return true;
        }
        inside.waiters().push(waiter);
        return false;
    }
    void give(std::uint32_t given) {
        section inside(word_);
        inside.set(inside.value() + given);
        hand_over(inside);
    }
    bool withdraw(permit_waiter& waiter) {
        section inside(word_);
        const bool removed = inside.waiters().remove(waiter);
        if (removed && Fault != fault::withdrawal_wakes_nobody) {
            hand_over(inside);
        }
        return removed;
    }

private:
    using word = wait_word<permit_waiter, model_sync>;
    using section = word::section;

    void hand_over(section& inside) {
        while (permit_waiter* const first = inside.waiters().front()) {
            if (first->wanted() > inside.value()) {
                return;
            }
            inside.set(inside.value() - first->wanted());
            inside.waiters().pop()->wake();
        }
    }

    word word_;
};

enum class when_cancelled : unsigned char { gives_back, keeps };

/// Tasks that want so many permits each, of so many that there are; the first `Cancelled` of them
/// are cancelled, each by a thread of its own.
template <std::uint32_t Permits, std::array Wanted, unsigned Cancelled, typename Pool = real_pool,
          when_cancelled How = when_cancelled::gives_back>
struct pool_program {
    static constexpr unsigned tasks = static_cast<unsigned>(Wanted.size());
    static constexpr unsigned threads = tasks + Cancelled;

    Pool pool{Permits};
    std::array<permit_waiter, tasks> waiters;
    std::uint32_t taken = 0; // plain: the model runs one real thread
    model_sync::var<int> guarded{0};

    pool_program() {
        for (unsigned i = 0; i != tasks; ++i) {
            waiters[i].count = Wanted[i];
        }
    }

    ~pool_program() { // of a path that failed
        for (permit_waiter& each : waiters) {
            if (each.linked()) {
                each.unlink();
            }
        }
    }

    void thread(unsigned k) {
        if (k < tasks) {
            run(waiters[k]);
        } else {
            permit_waiter& target = waiters[k - tasks];
            target.cancel([&] { return pool.withdraw(target); });
        }
    }

    void check() const {
        require(taken == 0, "somebody still holds permits");
        require(pool.value() == Permits, "a permit was lost, or given twice");
    }

private:
    void run(permit_waiter& self) {
        if (!acquire(self)) {
            return;
        }
        taken += self.count;
        require(taken <= Permits, "more permits were given than there are");
        if (self.count == Permits) {
            guarded = guarded + 1; // a race, unless there is one holder at a time
        }
        taken -= self.count;
        pool.give(self.count);
    }

    // As permit_wait does it.
    bool acquire(permit_waiter& self) {
        if (pool.try_take(self.count)) {
            return true;
        }
        const bool completed =
            self.wait([&] { return pool.take_or_wait(self); }, [&] { return pool.withdraw(self); });
        if (!completed) {
            return false;
        }
        if (self.word.take_cancel()) {
            if (How == when_cancelled::gives_back) {
                pool.give(self.count);
            }
            return false;
        }
        return true;
    }
};

using namespace std;
constexpr array two_of_one{1U, 1U};
constexpr array three_of_one{1U, 1U, 1U};
constexpr array writer_and_readers{2U, 1U, 1U};
constexpr array two_too_many{2U, 2U, 1U};

using lock_of_two = pool_program<1, two_of_one, 0>;
using lock_of_three = pool_program<1, three_of_one, 0>;
using lock_and_cancel = pool_program<1, two_of_one, 1>;
using lock_of_three_and_cancel = pool_program<1, three_of_one, 1>;
using lock_and_two_cancels = pool_program<1, two_of_one, 2>;
using writer_cancelled = pool_program<2, writer_and_readers, 1>;
using both_in_the_way_cancelled = pool_program<1, two_too_many, 2>;

// What is too large to be searched through.
const limits random{.preemptions = 4, .random_paths = 200'000};

TEST(permit_pool, a_lock_has_one_holder_and_everybody_gets_it) {
    expect_correct<lock_of_two>("lock: two tasks", {.preemptions = 4});
    expect_correct<lock_of_three>("lock: three tasks", {.preemptions = 1});
    expect_correct<lock_of_three>("the same, at random", random);
}

TEST(permit_pool, a_cancelled_waiter_loses_nothing_for_the_others) {
    expect_correct<lock_and_cancel>("lock: two tasks | cancel", {.preemptions = 3});
    expect_correct<lock_of_three_and_cancel>("lock: three tasks | cancel", {.preemptions = 0});
    expect_correct<lock_of_three_and_cancel>("the same, at random", random);
    expect_correct<lock_and_two_cancels>("lock: two tasks | cancel | cancel", {.preemptions = 2});
}

TEST(permit_pool, a_cancelled_writer_lets_the_readers_in) {
    expect_correct<writer_cancelled>("a writer, two readers | cancel of the writer",
                                     {.preemptions = 0});
    expect_correct<writer_cancelled>("the same, at random", random);
}

// Neither of the two can ever have what it wants; whichever is withdrawn last lets the third one
// go on.
TEST(permit_pool, two_withdrawals_at_once_do_not_wait_for_each_other) {
    expect_correct<both_in_the_way_cancelled>(
        "two that want too much, one that does not | two cancels, at random",
        {.preemptions = 4, .random_paths = 500'000});
}

limits planted(std::vector<weakening> faults, unsigned preemptions = 3) {
    return {.preemptions = preemptions, .weakened = std::move(faults)};
}

TEST(permit_pool_faults, a_relaxed_change_is_caught) {
    expect_caught<lock_of_two>(
        "try_change relaxed",
        planted({{"::try_change(", access::read_modify_write, acq_rel, relaxed}}));
}

TEST(permit_pool_faults, a_section_that_begins_relaxed_is_caught) {
    expect_caught<lock_of_three>(
        "lock relaxed", planted({{"::lock(", access::read_modify_write, acquire, relaxed}}));
}

TEST(permit_pool_faults, a_section_that_ends_relaxed_is_caught) {
    expect_caught<lock_of_three>("unlock relaxed",
                                 planted({{"::unlock(", access::store, release, relaxed}}));
}

TEST(permit_pool_faults, a_wake_up_in_a_section_is_caught) {
    expect_caught<pool_program<1, two_of_one, 1, faulty_pool<fault::wakes_in_the_section>>>(
        "wake-ups in the section", {.preemptions = 2});
}

TEST(permit_pool_faults, a_withdrawal_that_wakes_nobody_is_caught) {
    expect_caught<pool_program<1, two_too_many, 2, faulty_pool<fault::withdrawal_wakes_nobody>>>(
        "a withdrawal wakes nobody", {.preemptions = 2});
}

TEST(permit_pool_faults, permits_that_a_cancelled_waiter_keeps_are_caught) {
    expect_caught<pool_program<1, two_of_one, 1, real_pool, when_cancelled::keeps>>(
        "a cancelled waiter keeps its permit", {.preemptions = 3});
}

} // namespace
} // namespace eddy::model
