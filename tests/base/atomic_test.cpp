// atomic_test.cpp — the names of the orders, and the Sync policy of the library.
//
// Covers:    the names of the orders, native_sync as a drop-in for plain atomics and plain data.
// Not here:  the other Sync policy -> tests/model/litmus_model.cpp.

#include <eddy/base/atomic.hpp>

#include <gtest/gtest.h>

#include <type_traits>

namespace {

TEST(atomic, native_sync_costs_nothing_over_std_atomic_and_plain_data) {
    static_assert(std::is_same_v<eddy::native_sync::atomic<int>, std::atomic<int>>);
    static_assert(sizeof(eddy::native_sync::var<void*>) == sizeof(void*));
    eddy::native_sync::atomic<int> value{1};
    EXPECT_EQ(value.exchange(2, eddy::acq_rel), 1);
    EXPECT_EQ(value.load(eddy::relaxed), 2);
}

TEST(atomic, a_var_is_read_and_assigned_like_its_value) {
    eddy::native_sync::var<int> value{1};
    const int before = value;
    value = before + 1;
    EXPECT_EQ(value, 2);
}

TEST(atomic, a_var_starts_as_the_zero_of_its_type) {
    const eddy::native_sync::var<const char*> value;
    EXPECT_EQ(value, nullptr);
}

TEST(atomic, pause_returns) {
    eddy::native_sync::pause();
}

} // namespace
