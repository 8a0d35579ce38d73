// process_pool_bench.cpp — calls in other processes.
//
// Question: what does the round trip of an empty job cost, one at a time and a hundred in flight;
//           how fast do large arguments travel; what does a process cost that has to be started?
//           bench/exec/process_pool_contender.py asks Python's ProcessPoolExecutor the same.
// Unit:     ns on the clock a job; bytes_per_second of arguments. The second column is CPU time of
//           this process alone.
// Valid if: nothing else runs: with two processors the worker and the loop share them.

#include "bench.hpp"
#include <eddy/base/clock.hpp>
#include <eddy/exec/process_pool_executor.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using eddy::bench::check;

std::int64_t next_number(std::int64_t x) {
    return x + 1;
}
std::int64_t length(const std::string& text) {
    return static_cast<std::int64_t>(text.size());
}
std::string echo(std::string text) {
    return text;
}

EDDY_FUNCTION(next_number);
EDDY_FUNCTION(length);
EDDY_FUNCTION(echo);
std::string text_of(std::int64_t bytes) {
    return std::string(static_cast<std::size_t>(bytes), 'x');
}
EDDY_FUNCTION(text_of);

// Kept from bench to bench: what is measured is not the start of the processes.
eddy::process_pool_executor& warm_pool() {
    static eddy::process_pool_executor pool(2);
    return pool;
}

eddy::coro<> round_trip(benchmark::State& state) {
    auto& pool = warm_pool();
    std::int64_t number = co_await pool.submit(next_number, -1);
    for (auto _ : state) {
        number = co_await pool.submit(next_number, number);
    }
    check(number, state.iterations(), "calls");
}

eddy::coro<> hundred_in_flight(benchmark::State& state) {
    auto& pool = warm_pool();
    constexpr std::int64_t in_flight = 100;
    std::vector<eddy::future<std::int64_t>> jobs;
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(in_flight)) {
        for (std::int64_t i = 0; i != in_flight; ++i) {
            jobs.push_back(pool.submit(next_number, i));
        }
        for (const auto& each : jobs) {
            sum += co_await each;
        }
        jobs.clear();
    }
    check(sum, state.iterations() / in_flight * (in_flight * (in_flight + 1) / 2), "sum");
}

eddy::coro<> send_100_mb(benchmark::State& state) {
    auto& pool = warm_pool();
    const std::string text(std::size_t{100} << 20, 'x');
    std::int64_t sum = co_await pool.submit(length, text) * 0;
    for (auto _ : state) {
        sum += co_await pool.submit(length, text);
    }
    const auto sent = state.iterations() * static_cast<std::int64_t>(text.size());
    check(sum, sent, "bytes");
    state.SetBytesProcessed(sent);
}

eddy::coro<> echo_1_mb(benchmark::State& state) {
    auto& pool = warm_pool();
    std::string text(std::size_t{1} << 20, 'x');
    for (auto _ : state) {
        text = co_await pool.submit(echo, text);
    }
    check(static_cast<std::int64_t>(text.size()), 1 << 20, "bytes");
    state.SetBytesProcessed(state.iterations() * 2 * static_cast<std::int64_t>(text.size()));
}

double median(std::vector<double> of) {
    std::ranges::sort(of);
    return of.empty() ? 0 : of[of.size() / 2];
}

eddy::coro<> empty_beside_100_mb(benchmark::State& state) {
    using microseconds = std::chrono::duration<double, std::micro>;
    auto& pool = warm_pool();
    constexpr std::int64_t bytes = std::int64_t{100} << 20;
    std::vector<double> longest;
    std::vector<double> late; // at 99 %
    std::int64_t number = 0;
    for (auto _ : state) {
        const auto large = pool.submit(text_of, bytes);
        std::vector<double> took;
        while (!large.done()) {
            const auto start = eddy::clock::now();
            number = co_await pool.submit(next_number, number);
            took.push_back(microseconds(eddy::clock::now() - start).count());
        }
        std::ranges::sort(took);
        if (!took.empty()) {
            longest.push_back(took.back());
            late.push_back(took[took.size() * 99 / 100]);
        }
        check(static_cast<std::int64_t>((co_await large).size()), bytes, "bytes");
    }
    state.counters["longest_us"] = median(longest);
    state.counters["late_us"] = median(late);
}

eddy::coro<> start_one_and_end_it(benchmark::State& state) {
    std::int64_t number = 0;
    for (auto _ : state) {
        eddy::process_pool_executor pool(1);
        number = co_await pool.submit(next_number, number);
        co_await pool.aclose();
    }
    check(number, state.iterations(), "calls");
}

} // namespace

EDDY_BENCH(round_trip);
EDDY_BENCH(hundred_in_flight);
EDDY_BENCH(send_100_mb);
EDDY_BENCH(echo_1_mb);
EDDY_BENCH(empty_beside_100_mb);
EDDY_BENCH(start_one_and_end_it);

int main(int count, char** arguments) {
    eddy::serve_process_pool(); // benches contain eddy
    benchmark::Initialize(&count, arguments);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
