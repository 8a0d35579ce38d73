// queues_bench.cpp — the queues of a worker as their owner uses them.
//
// Question: what does an item cost its owner that goes in and comes out again?   Unit: ns an item.
// Valid if: nothing else runs. Nobody steals; what a theft moves between cores is counted in
//           docs/perf/transfers.md.

#include "bench.hpp"
#include <eddy/lockfree/forks_deque.hpp>
#include <eddy/lockfree/inbox.hpp>
#include <eddy/lockfree/ready_ring.hpp>

namespace {

using eddy::bench::check;

struct item {
    item* inbox_next = nullptr;
};

// `depth` items stay below: with none, each push publishes and each pop takes back.
void forks_push_pop(benchmark::State& state) {
    eddy::forks_deque<item> forks;
    item mine;
    for (std::int64_t i = 0; i != state.range(0); ++i) {
        forks.push(&mine);
    }
    std::int64_t popped = 0;
    for (auto _ : state) {
        forks.push(&mine);
        popped += forks.pop_if(&mine) ? 1 : 0;
    }
    check(popped, state.iterations(), "items popped");
}
BENCHMARK(forks_push_pop)->ArgName("depth")->Arg(0)->Arg(8);

void ready_push_pop(benchmark::State& state) {
    eddy::ready_ring<item> ready;
    item mine;
    std::int64_t popped = 0;
    for (auto _ : state) {
        ready.push(&mine);
        popped += ready.pop() == &mine ? 1 : 0;
    }
    check(popped, state.iterations(), "items popped");
}
BENCHMARK(ready_push_pop);

void inbox_post_take(benchmark::State& state) {
    eddy::inbox<item> inbox;
    item mine;
    std::int64_t taken = 0;
    for (auto _ : state) {
        inbox.post(mine);
        taken += inbox.take_all() == &mine ? 1 : 0;
    }
    check(taken, state.iterations(), "items taken");
}
BENCHMARK(inbox_post_take);

} // namespace

BENCHMARK_MAIN();
