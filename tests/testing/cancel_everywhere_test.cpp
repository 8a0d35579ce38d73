// cancel_everywhere_test.cpp — a cancel at every suspension finds what does not survive one.
//
// Covers:    the points, the two targets, the invariant, leaks, what a program may throw; planted
//            bugs of a semaphore and of its user.
// Not here:  eddy's own programs -> stress/cancel_points_stress.cpp.

#include <eddy/eddy.hpp>
#include <eddy/testing/cancel_everywhere.hpp>
#include <eddy/testing/report_log.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

/// A semaphore for tasks of a simulation. `Careful` says whether a cancelled wait is given up.
enum class manners : bool { careless, careful };
template <manners Manners>
class small_semaphore {
public:
    explicit small_semaphore(int free) : free_(free) {}

    coro<> acquire() {
        if (free_ > 0) {
            --free_;
            co_return;
        }
        auto mine = std::make_shared<promise<>>();
        waiting_.push_back(mine);
        const auto result = co_await as_result(mine->get_future());
        if (!result.has_value()) {
            if (Manners == manners::careful && std::erase(waiting_, mine) == 0) {
                release(); // it was handed over already
            }
            std::rethrow_exception(result.error());
        }
    }
    void release() {
        if (waiting_.empty()) {
            ++free_;
            return;
        }
        const auto next = waiting_.front();
        waiting_.pop_front();
        next->set_value();
    }
    [[nodiscard]] int free() const { return free_; }

private:
    int free_;
    std::deque<std::shared_ptr<promise<>>> waiting_;
};
using semaphore_that_forgets = small_semaphore<manners::careless>;
using good_semaphore = small_semaphore<manners::careful>;

template <typename Semaphore>
class permit {
public:
    explicit permit(Semaphore& of) : of_(of) {}
    ~permit() { of_.release(); }
    permit(const permit&) = delete;
    permit& operator=(const permit&) = delete;

private:
    Semaphore& of_;
};

template <typename Semaphore>
coro<> use_with_guard(Semaphore& gate) {
    co_await gate.acquire();
    const permit<Semaphore> held(gate);
    co_await sleep(1ms);
}
coro<> use_without_guard(good_semaphore& gate) {
    co_await gate.acquire();
    co_await sleep(1ms); // a cancel here keeps the permit
    gate.release();
}

/// Three users of one permit, under every cancel.
template <typename Semaphore, typename User>
std::size_t cancel_users(User user, const cancel_options& options = {}) {
    std::unique_ptr<Semaphore> gate;
    return cancel_everywhere(
        [&]() -> coro<> {
            gate = std::make_unique<Semaphore>(1);
            return [](Semaphore& gate, User user) -> coro<> {
                auto a = create_task(user(gate));
                auto b = create_task(user(gate));
                auto c = create_task(user(gate));
                co_await gather(a, b, c);
            }(*gate, user);
        },
        [&] { return gate->free() == 1; }, options);
}

template <typename Action>
std::string failure_of(Action action) {
    try {
        action();
    } catch (const cancel_failure& error) {
        return error.what();
    }
    return {};
}

TEST(cancel_everywhere, a_program_that_gives_everything_back_passes) {
    EXPECT_GE(cancel_users<good_semaphore>(use_with_guard<good_semaphore>), 6U);
}

TEST(cancel_everywhere, a_user_that_keeps_a_permit_is_found) {
    const std::string text = failure_of([] { cancel_users<good_semaphore>(use_without_guard); });
    EXPECT_NE(text.find("the invariant does not hold"), std::string::npos) << text;
    EXPECT_NE(text.find("suspension "), std::string::npos) << text;
    EXPECT_NE(text.find("cancel_everywhere_test.cpp:"), std::string::npos) << text;
    EXPECT_NE(text.find("EDDY_SEED=0x"), std::string::npos) << text;
}

TEST(cancel_everywhere, a_semaphore_that_hands_a_permit_to_nobody_is_found) {
    const auto user = use_with_guard<semaphore_that_forgets>;
    const std::string text = failure_of([&] { cancel_users<semaphore_that_forgets>(user); });
    EXPECT_NE(text, "");
}

TEST(cancel_everywhere, it_counts_the_suspensions_and_cancels_at_each) {
    int runs = 0;
    int cancelled = 0;
    const auto program = [&]() -> coro<> {
        ++runs;
        try {
            co_await yield();
            co_await sleep(1s);
            co_await yield();
        } catch (const cancelled_error&) {
            ++cancelled;
            throw;
        }
    };
    cancel_options options;
    options.whom = cancel_options::target::main_task;
    EXPECT_EQ(cancel_everywhere(program, [] {}, options), 3U);
    EXPECT_EQ(cancelled, 3);
    EXPECT_EQ(runs, 5); // the first, three with a cancel, one that ends before the fourth
}

TEST(cancel_everywhere, it_cancels_whoever_suspends) {
    int cancelled = 0;
    const auto program = [&]() -> coro<> {
        auto child = create_task([](int& cancelled) -> coro<> {
            try {
                co_await sleep(1s);
            } catch (const cancelled_error&) {
                ++cancelled;
            }
        }(cancelled));
        co_await child;
    };
    cancel_options options;
    options.whom = cancel_options::target::suspending_task;
    EXPECT_EQ(cancel_everywhere(program, [] {}, options), 2U);
    EXPECT_EQ(cancelled, 1); // the other time main passes it on before the child begins
}

TEST(cancel_everywhere, a_program_that_is_wrong_without_a_cancel_says_so) {
    const auto program = []() -> coro<> { co_await yield(); };
    const std::string text = failure_of([&] { cancel_everywhere(program, [] { return false; }); });
    EXPECT_TRUE(text.starts_with("without a cancel: the invariant does not hold")) << text;
}

TEST(cancel_everywhere, an_invariant_may_throw_to_say_what_is_wrong) {
    const auto program = []() -> coro<> { co_await yield(); };
    const std::string text = failure_of(
        [&] { cancel_everywhere(program, [] { throw std::runtime_error("two are missing"); }); });
    EXPECT_NE(text.find("two are missing"), std::string::npos) << text;
}

#ifndef EDDY_FRAME_CACHE_OFF // AddressSanitizer aligns frames itself: they are not counted there
TEST(cancel_everywhere, a_leaked_frame_is_found) {
    std::vector<coro<>> kept;
    const auto program = [&]() -> coro<> {
        try {
            co_await yield();
        } catch (const cancelled_error&) {
            kept.push_back([]() -> coro<> { co_return; }());
        }
    };
    const std::string text = failure_of([&] { cancel_everywhere(program, [] {}); });
    EXPECT_NE(text.find("leaked: 1 coroutine frame"), std::string::npos) << text;
    const report_log ignored; // never awaited
    kept.clear();
}
#endif

TEST(cancel_everywhere, an_error_in_place_of_the_cancel_is_found_unless_it_is_allowed) {
    const auto program = []() -> coro<> {
        try {
            co_await yield();
        } catch (const cancelled_error&) {
            throw std::runtime_error("gave up");
        }
    };
    const std::string text = failure_of([&] { cancel_everywhere(program, [] {}); });
    EXPECT_NE(text.find("it threw: gave up"), std::string::npos) << text;
    cancel_options options;
    options.may_throw = [](const std::exception_ptr& error) {
        return describe(error) == "gave up";
    };
    EXPECT_EQ(cancel_everywhere(program, [] {}, options), 1U);
}

TEST(cancel_everywhere, what_the_program_throws_anyway_is_no_failure) {
    const auto program = []() -> coro<> {
        (void)co_await as_result(yield());
        throw std::runtime_error("as always");
    };
    EXPECT_EQ(cancel_everywhere(program, [] {}), 1U);
}

TEST(cancel_everywhere, a_task_that_waits_for_ever_after_a_cancel_is_found) {
    const auto program = []() -> coro<> {
        promise<> done;
        auto child = create_task([](promise<>& done) -> coro<> {
            co_await yield();
            done.set_value();
        }(done));
        (void)co_await as_result(child);
        co_await done.get_future(); // comes only if the child was not cancelled
    };
    const std::string text = failure_of([&] { cancel_everywhere(program, [] {}); });
    EXPECT_NE(text.find("deadlock"), std::string::npos) << text;
}

TEST(cancel_everywhere, real_workers_will_do) {
    cancel_options options;
    options.on = {.workers = 4, .virtual_time = true};
    const auto program = []() -> coro<> { co_await gather(sleep(1s), yield(), sleep(2s)); };
    EXPECT_GE(cancel_everywhere(program, [] {}, options), 3U);
}

TEST(cancel_everywhere, a_program_may_give_a_result) {
    const auto program = []() -> coro<std::string> {
        co_await yield();
        co_return "text";
    };
    EXPECT_EQ(cancel_everywhere(program, [] {}), 1U);
}

} // namespace
} // namespace eddy
