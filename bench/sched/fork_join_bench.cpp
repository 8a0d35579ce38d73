// fork_join_bench.cpp — the fork-join programs of bench/compare at sizes of some milliseconds.
//
// Question: where do the contenders stand, and has a change made one of the programs slower?
// Unit:     time of a whole run.
// Valid if: nothing else runs. The documented ratios come from bench/run_pairs.py, which compares
//           fresh processes that take turns; repetitions in one process mislead.

#include "bench.hpp"
#include "compare/fork_join_workloads.hpp"

namespace {

using eddy::compare::fork_join_workload;
using eddy::compare::fork_join_workloads;
using eddy::compare::named_contender;

void run(benchmark::State& state, const fork_join_workload& workload,
         const named_contender& contender) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(contender.run(
            {.size = workload.size_quick, .cores = static_cast<unsigned>(state.range(0))}));
    }
}

void register_all() {
    for (const fork_join_workload& workload : fork_join_workloads) {
        for (const named_contender& contender : workload.contenders) {
            const std::string name = std::string(workload.name) + "/" + std::string(contender.name);
            benchmark::RegisterBenchmark(
                name.c_str(), [&](benchmark::State& state) { run(state, workload, contender); })
                ->Apply(eddy::bench::on_one_and_two_workers)
                ->Unit(benchmark::kMillisecond);
        }
    }
}

} // namespace

int main(int count, char** arguments) {
    register_all();
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) {
        return 1;
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
