// g02_coroutine_object.cpp — a coroutine object does nothing until it is awaited.
//
// Output:
//     eddy::coro<std::string> custom()
//     Hi from coroutine

#include <eddy/eddy.hpp>

#include <cstdio>
#include <string>
#include <utility>

using namespace std::chrono_literals;

eddy::coro<std::string> custom() {
    std::puts("Hi from coroutine");
    co_await eddy::sleep(1s);
    co_return "RESULT";
}

eddy::coro<> amain() {
    auto c = custom(); // nothing runs yet
    std::puts(c.function_name());
    co_await std::move(c);
}

int main() {
    eddy::run(amain());
}
