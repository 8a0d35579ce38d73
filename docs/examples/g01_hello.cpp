// g01_hello.cpp — define a coroutine, await it from another, run that.
//
// Output:
//     Hi from coroutine

#include <eddy/eddy.hpp>

#include <cstdio>
#include <string>

using namespace std::chrono_literals;

eddy::coro<std::string> custom() {
    std::puts("Hi from coroutine");
    co_await eddy::sleep(1s);
    co_return "RESULT";
}

eddy::coro<> amain() {
    co_await custom();
}

int main() {
    eddy::run(amain());
}
