// g17_two_workers.cpp — one after the other, and at the same time: two tasks, awaited as started.
//
// Output: in any order on several workers
//     Hello!
//     A second has passed
//     Hello!
//     A second has passed
//     sequential: 2.0 s
//     A started
//     B started
//     B finished
//     A finished
//     concurrent: 2.0 s
// Forced:
//     Hello! < A second has passed < sequential: 2.0 s < A started < B finished < A finished
//     sequential: 2.0 s < B started < B finished
//     A finished < concurrent: 2.0 s

#include <eddy/eddy.hpp>

#include <cstdio>
#include <string>

using namespace std::chrono_literals;

eddy::coro<> say_hello() {
    std::puts("Hello!");
    co_await eddy::sleep(1s);
    std::puts("A second has passed");
}

eddy::coro<> sequential() {
    co_await say_hello();
    co_await say_hello();
}

eddy::coro<> worker(std::string name, std::chrono::seconds d) {
    std::printf("%s started\n", name.c_str());
    co_await eddy::sleep(d);
    std::printf("%s finished\n", name.c_str());
}

eddy::coro<> concurrent() {
    auto a = eddy::create_task(worker("A", 2s));
    auto b = eddy::create_task(worker("B", 1s));
    co_await a;
    co_await b;
}

eddy::coro<> amain() {
    auto start = eddy::now();
    co_await sequential();
    std::printf("sequential: %.1f s\n", std::chrono::duration<double>(eddy::now() - start).count());
    start = eddy::now();
    co_await concurrent();
    std::printf("concurrent: %.1f s\n", std::chrono::duration<double>(eddy::now() - start).count());
}

int main() {
    eddy::run(amain());
}
