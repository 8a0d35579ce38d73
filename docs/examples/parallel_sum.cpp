// parallel_sum.cpp — what computes runs in an arena of oneTBB, and a task awaits it: a loop over
// numbers, a sum, a sort, a flow graph's place; the loop goes on meanwhile.
//
// Output:
//     sum of squares: 333332833333500000
//     sorted: 0 1 2 ... 99999
//     the loop ticked meanwhile
//     run: 42
//     stopped by a cancel

#include <eddy/eddy.hpp>
#include <eddy/exec/tbb_executor.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <latch>
#include <vector>

using namespace std::chrono_literals;

// What 7919, a prime, makes of the numbers below 100000: each of them once.
std::vector<int> shuffled() {
    std::vector<int> out(100'000);
    for (std::size_t i = 0; i != out.size(); ++i) {
        out[i] = static_cast<int>(i * 7919 % out.size());
    }
    return out;
}

eddy::coro<> tick(std::latch& ticked) {
    co_await eddy::yield();
    std::puts("the loop ticked meanwhile");
    ticked.count_down();
}

eddy::coro<> amain() {
    eddy::tbb_executor tbb(2);

    const auto squares = co_await tbb.parallel_reduce(
        std::int64_t{0}, std::int64_t{1'000'000}, std::int64_t{0},
        [](std::int64_t i) { return i * i; }, std::plus<>());
    std::printf("sum of squares: %lld\n", static_cast<long long>(squares));

    std::vector<int> numbers = shuffled();
    co_await tbb.parallel_sort(numbers);
    std::printf("sorted: %d %d %d ... %d\n", numbers[0], numbers[1], numbers[2], numbers.back());

    std::latch ticked(1);
    co_await eddy::gather(tbb.parallel_for(0, 4, [&](int) { ticked.wait(); }), tick(ticked));

    // Any function: the place for what is oneTBB's own, as `graph.wait_for_all()`.
    std::printf("run: %d\n", co_await tbb.run([] { return 42; }));

    // A cancel stops what has not begun, and waits for what has: it may use what is here.
    std::atomic<bool> let_go = false;
    const auto endless = eddy::create_task(tbb.parallel_for(0, 1'000'000'000, [&](int) {
        while (!let_go) {
        }
    }));
    co_await eddy::yield();
    endless.cancel();
    let_go = true;
    const auto ended = co_await eddy::as_result(endless);
    std::puts(ended.cancelled() ? "stopped by a cancel" : "not stopped");
}

int main() {
    eddy::run(amain());
}
