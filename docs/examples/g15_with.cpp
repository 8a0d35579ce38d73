// g15_with.cpp — an asynchronous context manager: both ends take a second.
//
// Output:
//     0.0: enter
//     1.0: body
//     1.0: exit
//     2.0: after it

#include <eddy/eddy.hpp>

#include <cstdio>
#include <exception>

using namespace std::chrono_literals;

void print(const char* what) {
    static const auto start = eddy::now();
    std::printf("%.1f: %s\n", std::chrono::duration<double>(eddy::now() - start).count(), what);
}

struct resource {
    eddy::coro<> async_enter() {
        print("enter");
        co_await eddy::sleep(1s);
    }
    eddy::coro<> async_exit(std::exception_ptr /*error*/) {
        print("exit");
        co_await eddy::sleep(1s);
    }
};

eddy::coro<> amain() {
    co_await eddy::with(resource{}, [](resource&) -> eddy::coro<> {
        print("body");
        co_return;
    });
    print("after it");
}

int main() {
    eddy::run(amain());
}
