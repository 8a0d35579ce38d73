// g11_cancel.cpp — a cancelled operation cleans up, awaiting as it does so, and ends normally.
//
// C++ has no co_await inside a catch: what awaits comes after it.
//
// Output: in any order on several workers
//     operation start
//     operation new round
//     operation new round
//     operation new round
//     operation new round
//     operation new round
//     operation was cancelled
//     operation done
//     6.0 s
// Forced:
//     operation start < operation new round < operation was cancelled < operation done < 6.0 s
// Racing:
//     operation new round

#include <eddy/eddy.hpp>

#include <cstdio>

using namespace std::chrono_literals;

eddy::coro<> db_operation() {
    std::puts("operation start");
    try {
        for (;;) {
            std::puts("operation new round");
            co_await eddy::sleep(1s);
        }
    } catch (const eddy::cancelled_error&) {
        std::puts("operation was cancelled");
    }
    co_await eddy::sleep(1s); // after a cancel that was caught, awaiting works again
    std::puts("operation done");
}

eddy::coro<> amain() {
    const auto start = eddy::now();
    auto t = eddy::create_task(db_operation());
    co_await eddy::sleep(5s);
    t.cancel();
    co_await t; // returns normally: the operation chose to finish
    std::printf("%.1f s\n", std::chrono::duration<double>(eddy::now() - start).count());
}

int main() {
    eddy::run(amain());
}
