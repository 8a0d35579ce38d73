// who_waits.cpp — what is everybody waiting for? Asked by a thread that runs no loop, as a watchdog
// or a debugger would.
//
// Output: in any order on several workers
//     Task-1: running
//     Task-2: fetch -> receive, for a timer
//     Task-3: report, for Task-2

#include <eddy/eddy.hpp>

#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

using namespace std::chrono_literals;

eddy::coro<> receive() {
    co_await eddy::sleep(1h);
}
eddy::coro<> fetch() {
    co_await receive();
}
eddy::coro<> report(eddy::task<> fetched) {
    co_await fetched;
}

// "eddy::coro<> fetch()" -> "fetch"
std::string short_name(std::string_view function) {
    function = function.substr(0, function.find('('));
    return std::string(function.substr(function.rfind(' ') + 1));
}

// eddy::format_tasks() prints all that is known; this is how a program reads it itself.
void print(const eddy::any_task& task) {
    const eddy::await_chain chain = eddy::capture_await_chain(task);
    std::string line = chain.frames.empty() ? "running" : "";
    for (const std::source_location& each : chain.frames) {
        line += (line.empty() ? "" : " -> ") + short_name(each.function_name());
    }
    for (const eddy::any_task& each : chain.tasks) {
        line += ", for " + each.name();
    }
    line += chain.waits_for.empty() ? "" : ", for " + chain.waits_for;
    std::printf("%s: %s\n", task.name().c_str(), line.c_str());
}

eddy::coro<> amain() {
    auto fetched = eddy::create_task(fetch());
    auto reported = eddy::create_task(report(fetched));
    while (reported.stage() != eddy::task_state::suspended ||
           fetched.stage() != eddy::task_state::suspended) {
        co_await eddy::yield();
    }
    const auto tasks = eddy::all_tasks();
    std::thread([&tasks] {
        for (const eddy::any_task& each : tasks) {
            print(each);
        }
    }).join();
}

int main() {
    eddy::run(amain());
}
