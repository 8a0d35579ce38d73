// bulletin_test.cpp — all who wait for a change are woken by it.
//
// Covers:    register, change, remove; one that need not wait.
// Not here:  broadcast and watch, which are made of it -> broadcast_test.cpp, watch_test.cpp.

#include <eddy/sync/bulletin.hpp>

#include <gtest/gtest.h>

namespace eddy {
namespace {

class reader final : public end_waiter<> {
public:
    int woken = 0;

private:
    void wake_alone() noexcept override { ++woken; }
};

TEST(bulletin, a_change_wakes_everybody_once) {
    bulletin<reader> board;
    int value = 0;
    reader first;
    reader second;
    const auto has_changed = [&] { return value != 0; };
    EXPECT_EQ(board.wait(first, has_changed), attempt::waits);
    EXPECT_EQ(board.wait(second, has_changed), attempt::waits);
    board.change([&] { value = 1; });
    board.change([&] { value = 2; });
    EXPECT_EQ(first.woken, 1);
    EXPECT_EQ(second.woken, 1);
    EXPECT_EQ(board.look([&] { return value; }), 2);
}

TEST(bulletin, who_finds_the_change_there_does_not_wait) {
    bulletin<reader> board;
    reader late;
    EXPECT_EQ(board.wait(late, [] { return true; }), attempt::done);
    board.change([] {});
    EXPECT_EQ(late.woken, 0);
}

TEST(bulletin, who_is_removed_is_not_woken) {
    bulletin<reader> board;
    reader gone;
    EXPECT_EQ(board.wait(gone, [] { return false; }), attempt::waits);
    EXPECT_TRUE(board.remove(gone));
    board.change([] {});
    EXPECT_EQ(gone.woken, 0);
    EXPECT_FALSE(board.remove(gone));
}

} // namespace
} // namespace eddy
