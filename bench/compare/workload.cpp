// workload.cpp — the list of workloads: sizes, contenders, and what is worth showing of the result.

#include "workload.hpp"

#include "blocking/common.hpp"
#include "calls/places.hpp"
#include "cpu_bound/common.hpp"
#include "echo/cell.hpp"
#include "fork_join/common.hpp"
#include "grouped.hpp"
#include "idle_waiters/common.hpp"
#include "mixed/common.hpp"
#include "mixed_server/common.hpp"
#include "ping_pong/common.hpp"
#include <eddy/exec/process_pool_executor.hpp>
#include <eddy/exec/tbb_executor.hpp>

#include <algorithm>

namespace eddy::compare {

namespace {

struct names {
    std::string_view name;
    std::string_view title;
    std::string_view explanation;
};

constexpr std::array<names, models.size()> names_of_models{{
    {"threads", "thread per task", "a std::thread with the default stack for each"},
    {"processes", "process per task", "a fork() without exec for each"},
    {"one_core", "coroutines on 1 core", "eddy, with one worker"},
    {"all_cores", "coroutines on all cores", "eddy, with a worker for each core"},
    {"on_loop", "on the loop",
     "eddy on all cores; blocking and long calls are made inline, by the coroutines"},
    {"thread_pool", "thread pool",
     "eddy on all cores; such calls by run_in_executor on a thread_pool_executor"},
    {"process_pool", "process pool",
     "eddy on all cores; such calls by run_in_executor on a process_pool_executor: a process for "
     "each core"},
    {"tbb_executor", "oneTBB executor",
     "eddy on all cores; such calls by run_in_executor on a tbb_executor: oneTBB's threads, one "
     "for "
     "each core"},
    {"tbb", "oneTBB alone",
     "oneTBB without eddy, the peer where tasks fork and join: a task of its own for each, in an "
     "arena with a thread for each core"},
}};

entry by(contender run) {
    return {.run = run, .cannot = {}};
}
entry cannot(std::string_view why) {
    return {.run = nullptr, .cannot = why};
}

using entries = std::array<entry, models.size()>;

// Those that compare ways to wait: the same coroutines on one core and on all.
entries waiting_ways(contender threads, contender processes, contender coroutines, entry tbb) {
    return {by(threads), by(processes), by(coroutines), by(coroutines), {}, {}, {}, {}, tbb};
}
// Those that compare where a call is made that keeps its thread.
struct places {
    contender threads;
    contender processes;
    contender on_loop;
    contender thread_pool;
    contender process_pool;
    contender tbb_executor;
};
entries calling_places(const places& all) {
    return {by(all.threads),
            by(all.processes),
            {},
            {},
            by(all.on_loop),
            by(all.thread_pool),
            by(all.process_pool),
            EDDY_COMPARE_TBB_EXECUTOR ? by(all.tbb_executor)
                                      : cannot("this eddy was built without oneTBB"),
            {}};
}
// Those that have calls made, and `Measure` them.
template <auto Measure, typename ThreadPool>
entries calling_places() {
    using namespace calls;
    return calling_places(
        {.threads = run_in<on_threads, Measure>,
         .processes = run_in<in_processes, Measure>,
         .on_loop = run_in<on_loop, Measure>,
         .thread_pool = run_in<on_executor<ThreadPool>, Measure>,
         .process_pool = run_in<on_executor<eddy::process_pool_executor>, Measure>,
         .tbb_executor = run_in<on_executor<eddy::tbb_executor>, Measure>});
}

std::string no_title(std::uint64_t) {
    return "";
}
std::string fib_title(std::uint64_t n) {
    return "fib(" + std::to_string(n) + ")";
}
// Threads and processes may all be started before the first one ends; the others go depth first.
std::uint64_t alive_forks(model which, std::uint64_t n) {
    const bool all_at_once = which == model::threads || which == model::processes;
    return all_at_once ? fork_join::forks(n) : n;
}

workload idle_waiters_workload() {
    using namespace idle_waiters;
    return {
        .name = "idle_waiters",
        .title = "Idle waiters",
        .doing = "all are started, wait for the same release, and are ended",
        .sizes = {10, 1'000, 10'000, 100'000, 1'000'000},
        .quick_sizes = {10, 1'000, 100'000},
        .size_name = "waiters",
        .contenders =
            waiting_ways(run_threads, run_processes, run_coroutines,
                         cannot("a oneTBB task must not block: it would keep its worker")),
        .spans = {"start_ns", "end_ns"},
        .tables = {{"until all of them wait", {{"start_ns", ""}}},
                   {"from the release until all have ended", {{"end_ns", ""}}},
                   {"memory of each, user and kernel", {{"memory_bytes", "", unit::bytes}}, 1'000},
                   {"  of this in the kernel (whole machine)",
                    {{"kernel_bytes", "", unit::bytes}},
                    1'000}},
        .questions = {{"start_ns", "quickest to start"},
                      {"memory_bytes", "lightest in memory", unit::bytes, 1'000}},
    };
}

workload ping_pong_workload() {
    using namespace ping_pong;
    return {
        .name = "ping_pong",
        .title = "Switch",
        .doing = "two tasks wake each other in turn; a round trip is two switches",
        .sizes = {2},
        .quick_sizes = {2},
        .size_name = "",
        .size_title = no_title,
        .contenders = waiting_ways(run_threads, run_processes, run_coroutines,
                                   cannot("oneTBB tasks cannot wait for each other")),
        .spans = {},
        .tables = {{"a round trip",
                    {{"one_core_ns", "one core"},
                     {"any_core_ns", "any core"},
                     {"any_core_cpu_ns", "CPU, any core"},
                     {"any_core_switches", "switches", unit::count}}}},
        .questions = {{"one_core_ns", "quickest to switch on one core"},
                      {"any_core_ns", "quickest on any core"}},
    };
}

workload fork_join_workload() {
    using namespace fork_join;
    return {
        .name = "fork_join",
        .title = "Fork-join",
        .doing = "naive fib(n), a new task for every fork, no cut-off",
        .sizes = {12, 16, 27, 35},
        .quick_sizes = {12, 16, 30},
        .size_name = "",
        .size_title = fib_title,
        .work = forks,
        .alive = alive_forks,
        .contenders = waiting_ways(run_threads, run_processes, run_coroutines, by(run_tbb)),
        .tables = {{"in all", {{"total_ns", ""}}}, {"per fork", {{"fork_ns", ""}}}},
        .questions = {{"total_ns", "quickest"}},
    };
}

workload mixed_workload() {
    using namespace mixed;
    return {
        .name = "mixed",
        .title = "CPU-bound with blocking calls",
        .doing = "each job: CPU 0.5 ms, blocked 4 ms (coroutines: an awaited wait), CPU 0.5 ms",
        .sizes = {100, 1'000},
        .quick_sizes = {100},
        .size_name = "jobs",
        .contenders = waiting_ways(run_threads, run_processes, run_coroutines, by(run_tbb)),
        .tables = {{"all jobs", {{"total_ns", "time"}, {"cpu_ns", "CPU"}}},
                   {"how late a timer of the rest was, due every millisecond",
                    {{"late_p50_ns", "median"}, {"late_p99_ns", "p99"}}}},
        .questions = {{"total_ns", "quickest to finish"},
                      {"late_p99_ns", "most punctual timer (p99)"}},
    };
}

workload blocking_workload() {
    return {
        .name = "blocking",
        .title = "Blocking calls",
        .doing = "all are made at once: a cached file of 64 KiB, the name localhost, 2 ms of sleep",
        .sizes = {20, 200},
        .quick_sizes = {200},
        .size_name = "calls",
        .contenders = calling_places<blocking::measure, calls::default_thread_pool>(),
        .tables = {{"time until all have returned, divided by their number",
                    {{"file_ns", "file"}, {"name_ns", "name"}, {"sleep_ns", "sleep"}}},
                   {"how late a timer of the rest was at worst, while calls slept",
                    {{"late_max_ns", ""}}},
                   {"memory of each call that waits, in a queue or under way",
                    {{"memory_bytes", "", unit::bytes}},
                    200}},
        .questions = {{"sleep_ns", "quickest with calls that sleep"},
                      {"file_ns", "quickest with files"},
                      {"name_ns", "quickest with names"},
                      {"memory_bytes", "lightest in memory", unit::bytes, 200}},
    };
}

workload cpu_bound_workload() {
    return {
        .name = "cpu_bound",
        .title = "CPU-bound calls",
        .doing = "all are made at once: each computes for 2 ms",
        .sizes = {20, 200},
        .quick_sizes = {100},
        .size_name = "calls",
        .contenders = calling_places<cpu_bound::measure, eddy::thread_pool_executor>(),
        .tables = {{"all calls", {{"total_ns", "time"}, {"cpu_ns", "CPU"}}},
                   {"how late a timer of the rest was, due every millisecond",
                    {{"late_p50_ns", "median"}, {"late_p99_ns", "p99"}, {"late_max_ns", "worst"}}},
                   {"memory of each call that waits, in a queue or under way",
                    {{"memory_bytes", "", unit::bytes}},
                    100}},
        .questions = {{"total_ns", "quickest to finish"},
                      {"late_p99_ns", "most punctual timer (p99)"},
                      {"memory_bytes", "lightest in memory", unit::bytes, 100}},
    };
}

workload mixed_server_workload() {
    using namespace mixed_server;
    return {
        .name = "mixed_server",
        .title = "Mixed server",
        .doing = "requests come at their times and burn 50 µs each, but 1 in 100 of them 5 ms",
        .sizes = {4'000},
        .quick_sizes = {1'000},
        .size_name = "requests",
        .contenders = calling_places({.threads = run_threads,
                                      .processes = run_processes,
                                      .on_loop = run_on_loop,
                                      .thread_pool = run_thread_pool,
                                      .process_pool = run_process_pool,
                                      .tbb_executor = run_tbb_executor}),
        .tables = {{"from when a light request was due until it was answered",
                    {{"p50_ns", "median"}, {"p99_ns", "p99"}, {"max_ns", "worst"}}},
                   {"the same for a heavy one",
                    {{"heavy_p50_ns", "median"}, {"heavy_p99_ns", "p99"}}},
                   {"CPU time of all", {{"cpu_ns", ""}}}},
        .questions = {{"p50_ns", "quickest to answer light requests (median)"},
                      {"p99_ns", "quickest for 99 % of the light requests"}},
    };
}

workload echo_workload() {
    using namespace echo;
    return {
        .name = "echo",
        .title = "Echo server",
        .doing = "64 bytes over TCP and back; each connection asks again when it has its answer",
        .sizes = {1, 64, 1'000},
        .quick_sizes = {64},
        .size_name = "connections",
        .work = [](std::uint64_t) -> std::uint64_t { return 1; },
        .contenders =
            waiting_ways(run_threads, run_processes, run_coroutines,
                         cannot("a oneTBB task must not block: it would keep its worker")),
        .tables = {{"from answer to answer, all connections together", {{"request_ns", ""}}},
                   {"from question to answer", {{"p50_ns", "median"}, {"p99_ns", "p99"}}}},
        .questions = {{"request_ns", "quickest to answer"},
                      {"p99_ns", "quickest for 99 % of the requests"}},
    };
}

} // namespace

std::string_view name_of(model which) noexcept {
    return names_of_models[static_cast<std::size_t>(which)].name;
}

std::string_view title_of(model which) noexcept {
    return names_of_models[static_cast<std::size_t>(which)].title;
}

std::string_view explanation_of(model which) noexcept {
    return names_of_models[static_cast<std::size_t>(which)].explanation;
}

std::string_view name_of(unit which) noexcept {
    static constexpr std::array<std::string_view, 3> names{"time", "bytes", "count"};
    return names[static_cast<std::size_t>(which)];
}

std::string workload::whole_size(std::uint64_t size) const {
    return size_title(size) + (size_name.empty() ? "" : "\u00a0" + std::string(size_name));
}

std::string title_of(const workload& of, std::string_view metric) {
    for (const table& each : of.tables) {
        for (const column& shown : each.columns) {
            if (shown.metric == metric) {
                return std::string(each.title) + (shown.title.empty() ? "" : ", ") +
                       std::string(shown.title);
            }
        }
    }
    return std::string(metric);
}

std::span<const workload> workloads() {
    static const std::vector<workload> all{
        idle_waiters_workload(), ping_pong_workload(), fork_join_workload(),    mixed_workload(),
        blocking_workload(),     cpu_bound_workload(), mixed_server_workload(), echo_workload()};
    return all;
}

const workload* find_workload(std::string_view name) noexcept {
    const auto all = workloads();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const workload& each) { return each.name == name; });
    return found == all.end() ? nullptr : &*found;
}

const model* find_model(std::string_view name) noexcept {
    const auto found = std::find_if(models.begin(), models.end(),
                                    [&](model each) { return name_of(each) == name; });
    return found == models.end() ? nullptr : &*found;
}

} // namespace eddy::compare
