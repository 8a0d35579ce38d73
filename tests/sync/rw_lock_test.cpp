// rw_lock_test.cpp — many readers or one writer.
//
// Covers:    who may hold it together, order, guards; cancels of readers and writers, before and
//            after the hand-over.
// Not here:  interleavings -> tests/model/permit_pool_model.cpp; contention ->
//            tests/stress/sync_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <string>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<> read(rw_lock& gate, event_log& log, std::string name) {
    const auto held = co_await gate.shared();
    log.add(name);
    co_await sleep(1ms);
    log.add("/" + name);
}

coro<> write(rw_lock& gate, event_log& log, std::string name) {
    const auto held = co_await gate.exclusive();
    log.add(name);
    co_await sleep(1ms);
    log.add("/" + name);
}

CO_TEST(rw_lock, readers_hold_it_together) {
    event_log log;
    rw_lock gate;
    const auto start = now();
    co_await gather(read(gate, log, "a"), read(gate, log, "b"), read(gate, log, "c"));
    EXPECT_EQ(now() - start, 1ms);
}

CO_TEST(rw_lock, a_writer_holds_it_alone) {
    rw_lock gate;
    int plain = 0;
    auto writer = [](rw_lock& gate, int& plain) -> coro<> {
        const auto held = co_await gate.exclusive();
        EXPECT_TRUE(gate.locked_exclusive());
        const int seen = plain;
        co_await yield();
        plain = seen + 1;
    };
    auto reader = [](rw_lock& gate, const int& plain) -> coro<> {
        const auto held = co_await gate.shared();
        EXPECT_FALSE(gate.locked_exclusive());
        const int seen = plain;
        co_await yield();
        EXPECT_EQ(plain, seen);
    };
    std::vector<task<>> tasks;
    for (int i = 0; i != 100; ++i) {
        tasks.push_back(create_task(writer(gate, plain)));
        tasks.push_back(create_task(reader(gate, plain)));
    }
    co_await gather(tasks);
    EXPECT_EQ(plain, 100);
    EXPECT_FALSE(gate.locked());
}

CO_TEST_ON_1(rw_lock, it_goes_to_who_asked_first_and_readers_wait_behind_a_writer) {
    event_log log;
    rw_lock gate;
    std::vector<task<>> tasks;
    tasks.push_back(create_task(read(gate, log, "r1")));
    tasks.push_back(create_task(write(gate, log, "w")));
    tasks.push_back(create_task(read(gate, log, "r2")));
    tasks.push_back(create_task(read(gate, log, "r3")));
    co_await gather(tasks);
    EXPECT_EQ(log.text(), "r1 /r1 w /w r2 r3 /r2 /r3");
}

CO_TEST(rw_lock, guards_without_a_wait_are_empty_when_it_is_held_otherwise) {
    rw_lock gate;
    auto reader = gate.try_shared();
    EXPECT_TRUE(reader);
    EXPECT_TRUE(gate.try_shared());
    EXPECT_FALSE(gate.try_exclusive());
    reader.release();
    EXPECT_FALSE(gate.locked());
    auto writer = gate.try_exclusive();
    EXPECT_TRUE(writer);
    EXPECT_FALSE(gate.try_shared());
    EXPECT_FALSE(gate.try_exclusive());
    auto moved = std::move(writer);
    EXPECT_FALSE(writer); // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_TRUE(gate.locked_exclusive());
    moved = rw_lock::exclusive_guard();
    EXPECT_FALSE(gate.locked());
    co_return;
}

CO_TEST_ON_1(rw_lock, a_reader_does_not_overtake_a_writer_that_waits) {
    event_log log;
    rw_lock gate;
    auto held = co_await gate.shared();
    auto t = create_task(write(gate, log, "w"));
    co_await yield();
    EXPECT_FALSE(gate.try_shared());
    held.release();
    co_await t;
}

CO_TEST_ON_1(rw_lock, a_cancelled_writer_lets_the_readers_behind_it_in) {
    event_log log;
    rw_lock gate;
    auto held = co_await gate.shared();
    auto writer = create_task(write(gate, log, "w"));
    auto one = create_task(read(gate, log, "r1"));
    auto two = create_task(read(gate, log, "r2"));
    co_await yield();
    writer.cancel();
    co_await gather(one, two);
    EXPECT_TRUE((co_await as_result(writer)).cancelled());
    EXPECT_EQ(log.text(), "r1 r2 /r1 /r2");
    held.release();
    EXPECT_FALSE(gate.locked());
}

CO_TEST_ON_1(rw_lock, a_writer_cancelled_after_the_hand_over_passes_it_on) {
    event_log log;
    rw_lock gate;
    auto held = co_await gate.exclusive();
    auto writer = create_task(write(gate, log, "w"));
    auto one = create_task(read(gate, log, "r1"));
    auto two = create_task(read(gate, log, "r2"));
    co_await yield();
    held.release();
    EXPECT_TRUE(gate.locked_exclusive());
    writer.cancel();
    co_await gather(one, two);
    EXPECT_TRUE((co_await as_result(writer)).cancelled());
    EXPECT_EQ(log.text(), "r1 r2 /r1 /r2");
    EXPECT_FALSE(gate.locked());
}

CO_TEST_ON_1(rw_lock, a_reader_cancelled_after_the_hand_over_does_not_keep_the_writer_out) {
    event_log log;
    rw_lock gate;
    auto held = co_await gate.exclusive();
    auto reader = create_task(read(gate, log, "r"));
    auto writer = create_task(write(gate, log, "w"));
    co_await yield();
    held.release();
    reader.cancel();
    co_await writer;
    EXPECT_TRUE((co_await as_result(reader)).cancelled());
    EXPECT_EQ(log.text(), "w /w");
    EXPECT_FALSE(gate.locked());
}

CO_TEST(rw_lock, a_wait_for_it_may_be_limited) {
    rw_lock gate;
    auto held = co_await gate.shared();
    EXPECT_TRUE((co_await as_result(wait_for(gate.exclusive(), 20ms))).holds<timeout_error>());
    EXPECT_TRUE(co_await wait_for(gate.shared(), 20ms));
    held.release();
    EXPECT_TRUE(co_await wait_for(gate.exclusive(), 20ms));
    EXPECT_FALSE(gate.locked());
}

} // namespace
} // namespace eddy
