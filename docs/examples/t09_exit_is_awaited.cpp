// t09_exit_is_awaited.cpp — async_exit is awaited, and an exception is dropped only where the type
// says so.
//
// In Python an __aexit__ that returns an awaitable instead of awaiting it does nothing, and drops
// the exception of the block as well. Here that does not compile: "async_exit gives what has to be
// awaited itself".
//
// Output:
//     transaction: begin
//     transaction: rolled back after "no such account"
//     caught: no such account
//     attempt: begin
//     attempt: dropped "no such account"
//     the attempt has failed, and the program goes on

#include <eddy/eddy.hpp>

#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>

using namespace std::chrono_literals;

eddy::coro<int> book(int amount) {
    co_await eddy::sleep(100ms);
    if (amount > 100) {
        throw std::runtime_error("no such account");
    }
    co_return amount;
}

struct transaction {
    eddy::coro<> async_enter() {
        std::puts("transaction: begin");
        co_return;
    }
    eddy::coro<> async_exit(std::exception_ptr error) {
        co_await eddy::sleep(100ms); // runs, whatever happened in the block
        if (error == nullptr) {
            std::puts("transaction: committed");
        } else {
            std::printf("transaction: rolled back after \"%s\"\n", eddy::describe(error).c_str());
        }
    }
};

// Swallows what goes wrong: its type says so, and so the result may be missing.
struct attempt {
    eddy::coro<> async_enter() {
        std::puts("attempt: begin");
        co_return;
    }
    eddy::coro<eddy::suppress> async_exit(std::exception_ptr error) {
        co_await eddy::sleep(100ms);
        if (error != nullptr) {
            std::printf("attempt: dropped \"%s\"\n", eddy::describe(error).c_str());
        }
        co_return eddy::suppress::yes;
    }
};

eddy::coro<> amain() {
    try {
        (void)co_await eddy::with(transaction(), [](transaction&) { return book(1000); });
    } catch (const std::runtime_error& error) {
        std::printf("caught: %s\n", error.what());
    }
    const std::optional<int> booked =
        co_await eddy::with(attempt(), [](attempt&) { return book(1000); });
    if (!booked.has_value()) {
        std::puts("the attempt has failed, and the program goes on");
    }
}

int main() {
    eddy::run(amain());
}
