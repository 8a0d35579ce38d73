// promise_test.cpp — the await chain.
//
// Covers:    the await chain: who awaits whom, where, and in which branch.

#include <eddy/testing/co_test.hpp>

#include <string>

namespace eddy {
namespace {

// Gives the promise of the coroutine that awaits it; never suspends.
class own_promise {
public:
    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise) noexcept {
        found_ = &promise;
        return false;
    }
    [[nodiscard]] promise_base* await_resume() const noexcept { return found_; }

private:
    promise_base* found_ = nullptr;
};

CO_TEST(promise, the_chain_goes_from_the_innermost_coroutine_to_the_root) {
    promise_base* const outer = co_await own_promise();
    auto inner = []() -> coro<promise_base*> {
        co_await yield();
        promise_base* const mine = co_await own_promise();
        co_return mine->awaiter();
    };
    auto middle = [](auto inner) -> coro<std::pair<promise_base*, promise_base*>> {
        promise_base* const mine = co_await own_promise();
        EXPECT_EQ(co_await inner(), mine);
        co_return std::pair(mine, mine->awaiter());
    };
    const auto [mine, above] = co_await middle(inner);
    EXPECT_NE(mine, outer);
    EXPECT_EQ(above, outer);
    EXPECT_EQ(outer->awaiter(), nullptr);
}

CO_TEST(promise, a_coroutine_that_is_awaited_runs_in_the_branch_that_awaits) {
    promise_base* const outer = co_await own_promise();
    auto branch_of = []() -> coro<branch*> { co_return &(co_await own_promise())->own_branch(); };
    EXPECT_EQ(co_await branch_of(), &outer->own_branch());
    const auto [a, b] = co_await gather(branch_of(), branch_of());
    EXPECT_NE(a, &outer->own_branch());
    EXPECT_NE(a, b);
    EXPECT_NE(co_await create_task(branch_of()), &outer->own_branch());
}

CO_TEST(promise, each_suspended_coroutine_knows_the_line_of_its_await) {
    unsigned line = 0;
    auto body = [](unsigned& line) -> coro<> {
        line = __LINE__ + 1;
        co_await sleep(std::chrono::hours(1));
    };
    auto t = create_task(body(line));
    while (t.stage() != task_state::suspended) {
        co_await yield();
    }
    const promise_base* const leaf = t.base()->root().leaf();
    EXPECT_EQ(leaf->site().line(), line);
    EXPECT_NE(std::string(leaf->site().file_name()).find("promise_test.cpp"), std::string::npos);
    t.cancel();
    (void)co_await as_result(t);
}

} // namespace
} // namespace eddy
