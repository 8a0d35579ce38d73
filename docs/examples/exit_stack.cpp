// exit_stack.cpp — any number of resources, known only at run time, left in the reverse order.
//
// Output:
//     open: users
//     open: orders
//     copied 2 tables
//     no error was on its way
//     close: orders
//     close: users
//     said goodbye

#include <eddy/eddy.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

class table {
public:
    explicit table(std::string name) : name_(std::move(name)) {}

    eddy::coro<> async_enter() {
        co_await eddy::sleep(10ms);
        std::printf("open: %s\n", name_.c_str());
    }
    eddy::coro<> async_exit(std::exception_ptr /*error*/) {
        co_await eddy::sleep(10ms);
        std::printf("close: %s\n", name_.c_str());
    }

private:
    std::string name_;
};

eddy::coro<> say_goodbye() {
    co_await eddy::sleep(10ms);
    std::puts("said goodbye");
}

eddy::coro<> copy_all(std::vector<std::string> names) {
    co_await eddy::with(eddy::exit_stack(), [&](eddy::exit_stack& scope) -> eddy::coro<> {
        scope.defer(say_goodbye()); // first in, last out
        for (const std::string& each : names) {
            (void)co_await scope.enter(table(each));
        }
        scope.push([](const std::exception_ptr& error) {
            std::puts(error == nullptr ? "no error was on its way" : "an error is on its way");
        });
        std::printf("copied %zu tables\n", names.size());
    });
}

int main() {
    eddy::run(copy_all({"users", "orders"}));
}
