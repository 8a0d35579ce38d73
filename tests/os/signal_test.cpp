// signal_test.cpp — signals that are awaited.
//
// Covers:    signal_set, signal, on_signal, what a thread that does not block one means, SIGINT
//            once and twice.

#include <eddy/os/process.hpp>
#include <eddy/os/signal.hpp>
#include <eddy/testing/co_test.hpp>

#include <csignal>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;

// The thread of the tests begins like that, and all it starts.
[[maybe_unused]] const bool blocked = (block_signals({SIGUSR1, SIGUSR2, SIGINT}), true);

CO_TEST(signal_set, gives_signals_as_they_come) {
    signal_set signals{SIGUSR1, SIGUSR2};
    ::kill(::getpid(), SIGUSR1);
    const auto first = co_await signals.next();
    EXPECT_EQ(first->number, SIGUSR1);
    EXPECT_EQ(first->sender, ::getpid());
    ::kill(::getpid(), SIGUSR2);
    EXPECT_EQ((co_await signals.next())->number, SIGUSR2);
}

CO_TEST(signal_set, a_cancel_loses_no_signal) {
    signal_set signals{SIGUSR1};
    EXPECT_TRUE((co_await as_result(wait_for(signals.next(), 1ms))).holds<timeout_error>());
    ::kill(::getpid(), SIGUSR1);
    EXPECT_EQ((co_await signals.next())->number, SIGUSR1);
}

CO_TEST(signal_set, refuses_what_is_no_signal) {
    EXPECT_THROW(signal_set({0}), std::invalid_argument);
    EXPECT_THROW(signal_set({SIGKILL}), std::invalid_argument);
    EXPECT_THROW(signal_set(std::vector<int>()), std::invalid_argument);
    co_return;
}

CO_TEST(signal_set, names_a_thread_that_has_not_blocked_the_signal) {
    std::atomic<bool> ready = false;
    std::atomic<bool> over = false;
    std::thread other([&] {
        sigset_t none;
        ::sigemptyset(&none);
        ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
        ready = true;
        while (!over) {
            std::this_thread::yield();
        }
    });
    while (!ready) {
        std::this_thread::yield();
    }
    try {
        const signal_set signals{SIGUSR1};
        ADD_FAILURE();
    } catch (const invalid_state_error& error) {
        EXPECT_NE(std::string(error.what()).find("has not blocked SIGUSR1"), std::string::npos);
    }
    over = true;
    other.join();
    co_return;
}

CO_TEST(signal, waits_for_one) {
    auto t = create_task(eddy::signal(SIGUSR1));
    co_await yield();
    ::kill(::getpid(), SIGUSR1);
    EXPECT_EQ((co_await t).number, SIGUSR1);
}

CO_TEST(on_signal, calls_a_function_each_time_until_it_is_removed) {
    std::atomic<int> calls = 0;
    {
        const signal_handler handler = on_signal(SIGUSR1, [&] {
            if (++calls == 1) {
                throw std::runtime_error("reported");
            }
        });
        const report_log reports;
        while (calls != 1) {
            ::kill(::getpid(), SIGUSR1);
            co_await yield();
        }
        while (calls < 2) {
            ::kill(::getpid(), SIGUSR1);
            co_await yield();
        }
        EXPECT_EQ(reports.count(report_kind::callback_failed), 1U);
    }
    for (int i = 0; i != 10; ++i) {
        co_await yield();
    }
    signal_set rest{SIGUSR1}; // one may be pending
    (void)co_await as_result(wait_for(rest.next(), 1ms));
}

// -- SIGINT: in a process of its own, which ends by it --

coro<> wait_for_ever(bool& cleaned) {
    ::kill(::getpid(), SIGINT);
    try {
        co_await sleep(std::chrono::hours(1));
    } catch (const cancelled_error&) {
        cleaned = true;
        throw;
    }
}

TEST(run_interruptible, the_first_interrupt_cancels_main) {
    bool cleaned = false;
    EXPECT_THROW(run_interruptible(wait_for_ever(cleaned), {.workers = 2}), keyboard_interrupt);
    EXPECT_TRUE(cleaned);
}

TEST(run_interruptible, gives_the_result_of_main) {
    EXPECT_EQ(run_interruptible([]() -> coro<int> { co_return 5; }()), 5);
    EXPECT_THROW(run_interruptible([]() -> coro<> {
                     throw std::runtime_error("bad");
                     co_return;
                 }()),
                 std::runtime_error);
}

coro<> refuse_to_end() {
    for (;;) {
        ::kill(::getpid(), SIGINT);
        (void)co_await as_result(sleep(std::chrono::milliseconds(1)));
    }
}

TEST(run_interruptible, the_second_interrupt_ends_the_process) {
    const pid_t child = ::fork();
    if (child == 0) {
        run_interruptible(refuse_to_end(), {.workers = 2});
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGINT);
}

} // namespace
} // namespace eddy
