// memory_bench.cpp — what waits takes memory, and what runs should not ask for any.
//
// Question: how many bytes is a suspended task (bytes), and how often does a warm operation call
//           operator new (allocs)?
// Unit:     bytes as the allocator gives them out, frame and control block; calls an operation.
// Valid if: always: both are counted, not measured.

#include "bench.hpp"

#include <chrono>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include <malloc.h>

namespace {

using namespace eddy; // memory orders
using namespace std::chrono_literals;

struct account {
    eddy::atomic<std::int64_t> calls{0};
    eddy::atomic<std::int64_t> bytes{0};
};
constinit account heap;

void* counted(void* memory) {
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    heap.calls.fetch_add(1, relaxed);
    heap.bytes.fetch_add(static_cast<std::int64_t>(::malloc_usable_size(memory)), relaxed);
    return memory;
}

void give_back(void* memory) noexcept {
    heap.bytes.fetch_sub(static_cast<std::int64_t>(::malloc_usable_size(memory)), relaxed);
    std::free(memory);
}

} // namespace

void* operator new(std::size_t bytes) {
    return counted(std::malloc(bytes));
}
void* operator new(std::size_t bytes, std::align_val_t align) {
    const auto alignment = static_cast<std::size_t>(align);
    return counted(std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment));
}
void operator delete(void* memory) noexcept {
    give_back(memory);
}
void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
    give_back(memory);
}
void operator delete(void* memory, std::align_val_t /*align*/) noexcept {
    give_back(memory);
}
void operator delete(void* memory, std::size_t /*bytes*/, std::align_val_t /*align*/) noexcept {
    give_back(memory);
}

namespace {

constexpr std::int64_t crowd = 100'000;

void report_bytes(benchmark::State& state, std::int64_t before, std::int64_t after) {
    state.counters["bytes"] = static_cast<double>(after - before) / static_cast<double>(crowd);
}

eddy::coro<> waiter(eddy::future<> released) {
    co_await released;
}

eddy::coro<> forked_waiter(const eddy::future<>& released) {
    co_await released;
}

eddy::coro<> release_when_all_wait(eddy::promise<> release, benchmark::State& state,
                                   std::int64_t before) {
    co_await eddy::yield();
    co_await eddy::yield();
    report_bytes(state, before, heap.bytes.load(relaxed));
    release.set_value();
}

// The children of a gather: each a frame, and a branch in the gather's array.
eddy::coro<> forked_child_bytes(benchmark::State& state) {
    for (auto _ : state) {
        eddy::promise<> release;
        const eddy::future<> released = release.get_future();
        const std::int64_t before = heap.bytes.load(relaxed);
        std::vector<eddy::coro<>> children;
        children.reserve(crowd);
        for (std::int64_t i = 0; i != crowd; ++i) {
            children.push_back(forked_waiter(released));
        }
        const std::int64_t handles = static_cast<std::int64_t>(sizeof(children[0])) * crowd;
        const auto end =
            eddy::create_task(release_when_all_wait(std::move(release), state, before + handles));
        co_await eddy::gather(std::move(children));
        co_await end;
    }
}

template <typename Create>
eddy::coro<> task_bytes(benchmark::State& state, Create create) {
    for (auto _ : state) {
        eddy::promise<> release;
        std::vector<eddy::task<>> tasks;
        tasks.reserve(crowd);
        const std::int64_t before = heap.bytes.load(relaxed);
        for (std::int64_t i = 0; i != crowd; ++i) {
            tasks.push_back(create(waiter(release.get_future())));
        }
        co_await release_when_all_wait(std::move(release), state, before);
        for (const eddy::task<>& task : tasks) {
            co_await task;
        }
    }
}

eddy::coro<> task_waiting_bytes(benchmark::State& state) {
    return task_bytes(state, [](eddy::coro<> body) { return eddy::create_task(std::move(body)); });
}
eddy::coro<> named_task_bytes(benchmark::State& state) {
    return task_bytes(state, [](eddy::coro<> body) {
        return eddy::create_task(std::move(body), {.name = "waiter"});
    });
}

// -- allocations of an operation --

eddy::coro<> empty() {
    co_return;
}

eddy::coro<> await_once() {
    co_await empty();
}
eddy::coro<> gather_once() {
    co_await eddy::gather(empty(), empty());
}
eddy::coro<> task_once() {
    co_await eddy::create_task(empty());
}
eddy::coro<> yield_once() {
    co_await eddy::yield();
}
eddy::coro<> sleep_once() {
    co_await eddy::sleep(1us);
}
eddy::coro<> promise_once() {
    eddy::promise<int> promise;
    promise.set_value(1);
    co_await promise.get_future();
}

// Two that want the same, so that one waits and is woken.
eddy::coro<> hold_over_a_yield(eddy::semaphore& permits) {
    const auto held = co_await permits.acquire();
    co_await eddy::yield();
}
eddy::coro<> semaphore_once() {
    eddy::semaphore permits(1);
    co_await eddy::gather(hold_over_a_yield(permits), hold_over_a_yield(permits));
}

eddy::coro<> wait_for_change(eddy::condition& of) {
    auto held = co_await of.acquire();
    co_await of.wait(held);
}
eddy::coro<> notify(eddy::condition& of) {
    const auto held = co_await of.acquire();
    of.notify();
}
eddy::coro<> condition_once() {
    eddy::condition of;
    co_await eddy::gather(wait_for_change(of), notify(of));
}

eddy::coro<> await_event(eddy::event& of) {
    co_await of.wait();
}
eddy::coro<> set(eddy::event& of) {
    of.set();
    co_return;
}
eddy::coro<> event_once() {
    eddy::event of;
    co_await eddy::gather(await_event(of), set(of));
}

constexpr std::int64_t warm_up = 100;

template <eddy::coro<> (*Operation)()>
eddy::coro<> allocs(benchmark::State& state) {
    for (std::int64_t i = 0; i != warm_up; ++i) {
        co_await Operation();
    }
    const std::int64_t before = heap.calls.load(relaxed);
    for (auto _ : state) {
        co_await Operation();
    }
    const std::int64_t calls = heap.calls.load(relaxed) - before;
    state.counters["allocs"] = static_cast<double>(calls) / static_cast<double>(state.iterations());
}

void once_on_one_worker(benchmark::internal::Benchmark* bench) {
    bench->ArgName("workers")->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);
}
void often_on_one_worker(benchmark::internal::Benchmark* bench) {
    bench->ArgName("workers")->Arg(1)->Iterations(10'000);
}

} // namespace

BENCHMARK(eddy::bench::in_runtime<forked_child_bytes>)
    ->Name("bytes/forked_child")
    ->Apply(once_on_one_worker);
BENCHMARK(eddy::bench::in_runtime<task_waiting_bytes>)
    ->Name("bytes/task")
    ->Apply(once_on_one_worker);
BENCHMARK(eddy::bench::in_runtime<named_task_bytes>)
    ->Name("bytes/named_task")
    ->Apply(once_on_one_worker);

BENCHMARK(eddy::bench::in_runtime<allocs<await_once>>)
    ->Name("allocs/await")
    ->Apply(often_on_one_worker);
BENCHMARK(eddy::bench::in_runtime<allocs<gather_once>>)
    ->Name("allocs/gather")
    ->Apply(often_on_one_worker);
BENCHMARK(eddy::bench::in_runtime<allocs<task_once>>)
    ->Name("allocs/create_task")
    ->Apply(often_on_one_worker);
BENCHMARK(eddy::bench::in_runtime<allocs<yield_once>>)
    ->Name("allocs/yield")
    ->Apply(often_on_one_worker);
BENCHMARK(eddy::bench::in_runtime<allocs<sleep_once>>)
    ->Name("allocs/sleep")
    ->Apply(often_on_one_worker);
BENCHMARK(eddy::bench::in_runtime<allocs<promise_once>>)
    ->Name("allocs/promise")
    ->Apply(often_on_one_worker);
BENCHMARK(eddy::bench::in_runtime<allocs<semaphore_once>>)
    ->Name("allocs/semaphore")
    ->Apply(often_on_one_worker);
BENCHMARK(eddy::bench::in_runtime<allocs<condition_once>>)
    ->Name("allocs/condition")
    ->Apply(often_on_one_worker);
BENCHMARK(eddy::bench::in_runtime<allocs<event_once>>)
    ->Name("allocs/event")
    ->Apply(often_on_one_worker);

BENCHMARK_MAIN();
