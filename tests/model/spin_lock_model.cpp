// spin_lock_model.cpp — the real spin lock: one at a time, and the next one sees what the last one
// did.
//
// Covers:    lock and try_lock of two and three threads. Planted: relaxed lock, relaxed unlock.

#include "model_test.hpp"
#include <eddy/base/spin_lock.hpp>

namespace eddy::model {
namespace {

template <unsigned Threads>
struct counting_program {
    static constexpr unsigned threads = Threads;

    basic_spin_lock<model_sync> lock;
    model_sync::var<unsigned> count{0};
    unsigned expected = 0;

    void thread(unsigned k) {
        if (k == 0 && !lock.try_lock()) {
            return;
        }
        if (k != 0) {
            lock.lock();
        }
        count = count + 1;
        ++expected;
        lock.unlock();
    }
    void check() const { require(count == expected, "two were inside at once"); }
};

TEST(spin_lock, one_at_a_time) {
    expect_correct<counting_program<2>>("try_lock | lock", {.preemptions = 4});
    expect_correct<counting_program<3>>("try_lock | lock | lock", {.preemptions = 3});
}

TEST(spin_lock_faults, a_relaxed_lock_is_caught) {
    expect_caught<counting_program<3>>(
        "lock relaxed", {.weakened = {{"::lock(", access::read_modify_write, acquire, relaxed}}});
}

TEST(spin_lock_faults, a_relaxed_unlock_is_caught) {
    expect_caught<counting_program<3>>(
        "unlock relaxed", {.weakened = {{"::unlock(", access::store, release, relaxed}}});
}

} // namespace
} // namespace eddy::model
