// g12_first_exception.cpp — one of four fails: the others are cancelled, and awaited.
//
// Output: in any order on several workers
//     worker 1 new iter
//     worker 2 new iter
//     worker 3 new iter
//     worker 1 new iter
//     worker 2 new iter
//     worker 3 new iter
//     worker 4 Exception
//     done(1) pending(3)
//     worker was cancelled
//     worker was correctly cancelled
//     worker was cancelled
//     worker was correctly cancelled
//     worker was cancelled
//     worker was correctly cancelled
//     boom
// Forced:
//     worker 1 new iter < worker 4 Exception < done(1) pending(3) < worker was cancelled
//     worker was cancelled < worker was correctly cancelled < boom
// Racing:
//     worker 1 new iter
//     worker 2 new iter
//     worker 3 new iter

#include <eddy/eddy.hpp>

#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

eddy::coro<> worker(int idx) {
    try {
        for (;;) {
            std::printf("worker %d new iter\n", idx);
            co_await eddy::sleep(1s);
        }
    } catch (const eddy::cancelled_error&) {
        std::puts("worker was cancelled");
    }
    std::puts("worker was correctly cancelled");
}

eddy::coro<> worker_with_exception(int idx) {
    co_await eddy::sleep(1s);
    std::printf("worker %d Exception\n", idx);
    throw std::runtime_error("boom");
}

eddy::coro<> amain() {
    std::vector<eddy::coro<>> jobs;
    for (int i = 1; i < 4; ++i) {
        jobs.push_back(worker(i));
    }
    jobs.push_back(worker_with_exception(4));
    auto [done, pending] =
        co_await eddy::wait(std::move(jobs), {.when = eddy::return_when::first_exception});
    std::printf("done(%zu) pending(%zu)\n", done.size(), pending.size());
    for (auto& p : pending) {
        p.cancel();
    }
    co_await eddy::gather(pending);
    // Read, so that nobody reports it as lost.
    auto failure = co_await eddy::as_result(done.front());
    std::puts(eddy::describe(failure.error()).c_str());
}

int main() {
    eddy::run(amain());
}
