// race.cpp — the first to finish wins; the others are cancelled and have ended when it is over.
//
// Shows:     race of different awaitables, and of a range of equal ones.
// Output:
//   the mirror near has it: a page
//   the others have hung up: 2
//   nothing to read within 50 ms

#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

eddy::coro<std::string> ask(std::chrono::milliseconds distance, std::atomic<int>& hung_up) {
    const auto waited = co_await eddy::as_result(eddy::sleep(distance));
    if (!waited) {
        co_await eddy::sleep(5ms); // the losers are awaited, so hung_up is still there
        hung_up.fetch_add(1);
        std::rethrow_exception(waited.error());
    }
    co_return "a page";
}

eddy::coro<> mirrors() {
    static constexpr const char* names[] = {"far", "near", "middle"};
    std::atomic<int> hung_up{0};
    std::vector<eddy::coro<std::string>> questions;
    for (const auto distance : {300ms, 10ms, 100ms}) {
        questions.push_back(ask(distance, hung_up));
    }
    const auto first = co_await eddy::race(std::move(questions));
    std::printf("the mirror %s has it: %s\n", names[first.index], first.value.c_str());
    std::printf("the others have hung up: %d\n", hung_up.load());
}

eddy::coro<> input_or_time() {
    eddy::promise<std::string> line;
    const auto first = co_await eddy::race(line.get_future(), eddy::sleep(50ms));
    if (first.index() == 0) {
        std::printf("read: %s\n", std::get<0>(first).c_str());
    } else {
        std::printf("nothing to read within 50 ms\n");
    }
}

eddy::coro<> amain() {
    co_await mirrors();
    co_await input_or_time();
}

int main() {
    eddy::run(amain());
}
