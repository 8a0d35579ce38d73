// g19_executors.cpp — calls that block or compute, on threads of a pool and in processes of their
// own: submit, run_in_executor, to_thread, apply, apply_async; the loop goes on meanwhile.
//
// Output:
//     submit: 6765
//     run_in_executor: 6765
//     to_thread: 6765
//     the loop ticked 3 times while a call blocked
//     cancelled before it began
//     apply: 6765
//     in a process, submit: 6765
//     in a process, run_in_executor: 6765
//     in a process, apply_async: 6765
//     the loop ticked 3 times while a process computed
//     in a process, apply: 6765

#include <eddy/eddy.hpp>
#include <eddy/exec/process_pool_executor.hpp>

#include <cstdio>
#include <latch>

using namespace std::chrono_literals;

long fib(int n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
EDDY_FUNCTION(fib); // a process finds it by its name

eddy::coro<> tick(int times, std::latch& done) {
    for (int i = 0; i != times; ++i) {
        co_await eddy::yield();
    }
    std::printf("the loop ticked %d times while a call blocked\n", times);
    done.count_down();
}

eddy::coro<> amain(eddy::thread_pool_executor& threads) {
    const auto later = threads.submit(fib, 20); // at once; the result comes later
    std::printf("submit: %ld\n", co_await later);
    std::printf("run_in_executor: %ld\n", co_await eddy::run_in_executor(threads, fib, 20));
    std::printf("to_thread: %ld\n", co_await eddy::to_thread(fib, 20));

    std::latch ticked(1);
    co_await eddy::gather(eddy::run_in_executor(threads, [&] { ticked.wait(); }), tick(3, ticked));

    std::latch release(1);
    const auto first = threads.submit([&] { release.wait(); }); // keeps the only thread
    const auto second = threads.submit(fib, 20);
    second.cancel();
    release.count_down();
    co_await first;
    std::puts(second.cancelled() ? "cancelled before it began" : "too late");
}

// The same names, and the same meaning: only the function must be registered.
eddy::coro<> in_processes(eddy::process_pool_executor& processes) {
    const auto later = processes.submit(fib, 20);
    std::printf("in a process, submit: %ld\n", co_await later);
    const long n = co_await eddy::run_in_executor(processes, fib, 20);
    std::printf("in a process, run_in_executor: %ld\n", n);

    eddy::promise<long> called;
    (void)processes.apply_async(fib, 20, [&](long n) { called.set_value(n); });
    std::printf("in a process, apply_async: %ld\n", co_await called.get_future());

    const auto slow = processes.submit(fib, 27);
    for (int i = 0; i != 3; ++i) {
        co_await eddy::yield();
    }
    co_await slow;
    std::puts("the loop ticked 3 times while a process computed");
}

int main() {
    eddy::thread_pool_executor threads(1);
    eddy::run(amain(threads));
    std::printf("apply: %ld\n", threads.apply(fib, 20)); // blocks: not for a loop's thread

    eddy::process_pool_executor processes(2);
    eddy::run(in_processes(processes));
    std::printf("in a process, apply: %ld\n", processes.apply(fib, 20));
}
