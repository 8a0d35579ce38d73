// runtime_tasks_test.cpp — asking a process what its tasks wait for.
//
// Covers:    format_tasks() from a thread that runs no loop, while the loops are stuck; of several
//            runtimes.
// Not here:  the chains and their words -> tests/core/await_chain_test.cpp.

#include <eddy/testing/co_test.hpp>

#include <string>
#include <string_view>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

coro<> wait_for_ever() {
    co_await sleep(1h);
}

TEST(format_tasks, tells_a_thread_of_the_users_what_everybody_waits_for_while_all_loops_are_stuck) {
    std::string text;
    auto main = [](std::string& text) -> coro<> {
        auto idle = create_task(wait_for_ever(), {.name = "idle"});
        auto waits =
            create_task([](task<> idle) -> coro<> { co_await idle; }(idle), {.name = "waits"});
        while (waits.stage() != task_state::suspended) {
            co_await yield();
        }
        std::thread([&text] { text = format_tasks(); }).join(); // keeps the only loop meanwhile
    };
    run(main(text), {.workers = 1, .virtual_time = true});
    EXPECT_TRUE(contains(text, "(running) in ")) << text;
    EXPECT_TRUE(contains(text, "idle (suspended) in ")) << text;
    EXPECT_TRUE(contains(text, "wait_for_ever()\n  waits for a timer\n")) << text;
    EXPECT_TRUE(contains(text, ", awaited by waits\n")) << text;
    EXPECT_TRUE(contains(text, "\n  waits for idle\n")) << text;
}

TEST(format_tasks, tells_of_all_runtimes_of_the_process) {
    runtime one({.workers = 1});
    {
        runtime other({.workers = 1});
        (void)one.create_task(wait_for_ever(), {.name = "mine"});
        (void)other.create_task(wait_for_ever(), {.name = "its"});
        EXPECT_TRUE(contains(format_tasks(), "mine (scheduled)")) << format_tasks();
        EXPECT_TRUE(contains(format_tasks(), "its (scheduled)")) << format_tasks();
    }
    EXPECT_FALSE(contains(format_tasks(), "its"));
    EXPECT_TRUE(contains(format_tasks(), "mine"));
    one.close();
    EXPECT_EQ(format_tasks(), "");
}

} // namespace
} // namespace eddy
