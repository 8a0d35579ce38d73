// compare_command.cpp — `eddy compare`: the same work by threads, processes, coroutines and oneTBB.

#include "compare_command.hpp"

#include "cell_process.hpp"
#include "machine.hpp"
#include "plan.hpp"
#include "progress.hpp"
#include "record.hpp"
#include "report.hpp"
#include "signals.hpp"
#include "text.hpp"
#include <eddy/base/clock.hpp>

#include <nlohmann/json.hpp>

#include <iostream>
#include <stdexcept>

namespace eddy::cli {

namespace {

// Measures the cells of a plan, round by round.
class comparison {
public:
    comparison(plan& planned, signals& stop)
        : plan_(planned), stop_(stop), runner_(stop),
          bar_(planned.cells.cells().size() * planned.rounds) {}

    void run() {
        std::chrono::nanoseconds last_round{};
        for (std::size_t round = 0; round < plan_.rounds && last_round <= left(); ++round) {
            const auto begun = clock::now();
            bar_.begin_round(round + 1, plan_.rounds);
            for (cell_result& each : plan_.cells.cells()) {
                if (stop_.arrived()) {
                    return;
                }
                measure(each, plan_.rounds - round);
            }
            last_round = clock::now() - begun;
        }
    }

private:
    [[nodiscard]] std::chrono::nanoseconds left() const noexcept {
        return plan_.whole_limit - (clock::now() - start_);
    }

    // `rounds_left`: this one and those after it.
    void measure(cell_result& result, std::size_t rounds_left) {
        if (result.given_up()) {
            return;
        }
        const cell& what = result.what();
        bar_.show(std::string(what.workload->title) + ", " +
                  what.workload->size_title(what.asked.size) + " " +
                  std::string(compare::title_of(what.model)));
        result.add(outcome_of(result));
        if (result.given_up()) {
            bar_.skip(rounds_left);
        } else {
            bar_.step_done();
        }
    }

    [[nodiscard]] outcome outcome_of(const cell_result& result) {
        if (result.measured()) {
            return runner_.measure(result.what(), plan_.cell_limit);
        }
        const auto limit = std::min(plan_.cell_limit, left());
        if (auto known = foreseen(result.what(), room_, plan_.cells, plan_.cell_limit)) {
            return *known;
        }
        if (limit <= limit.zero()) {
            return {.status = status::skipped, .found = {}, .why = "no time was left for it"};
        }
        return runner_.measure(result.what(), limit);
    }

    plan& plan_;
    signals& stop_;
    cell_runner runner_;
    progress bar_;
    limits room_ = limits::read();
    clock::time_point start_ = clock::now();
};

void print_head(const nlohmann::json& machine, const nlohmann::json& versions) {
    constexpr double busy_max = 0.3;
    std::cout << summary_of(machine) << "\neddy " << versions.at("eddy").get<std::string>() << ", "
              << versions.at("compiler").get<std::string>() << ", oneTBB "
              << versions.at("tbb").get<std::string>() << ", mimalloc "
              << versions.at("mimalloc").get<std::string>() << '\n';
    const auto busy = machine.at("busy_cores_before").get<double>();
    if (busy > busy_max) {
        std::cout << "The machine was busy with something else ("
                  << quantity(busy, compare::unit::count) << " cores): do not trust the times.\n";
    }
    std::cout << std::flush;
}

} // namespace

int run_compare(const compare_options& options) {
    signals stop;
    plan planned = make_plan(options);
    std::optional<json_file> file;
    if (!options.json_path.empty()) {
        file.emplace(options.json_path);
    }
    nlohmann::json record{{"schema", 1},
                          {"date", date_now()},
                          {"extent", options.extent == extent::quick ? "quick" : "full"},
                          {"rounds", planned.rounds},
                          {"machine", machine()},
                          {"versions", versions()}};
    print_head(record["machine"], record["versions"]);
    comparison(planned, stop).run();
    print_report(std::cout, planned.cells);
    record.update(record_of(planned.cells));
    record["interrupted"] = stop.arrived().has_value();
    if (file) {
        file->write(record);
    }
    if (const auto signal = stop.arrived()) {
        std::cout << "\nInterrupted: what is missing was not measured.\n" << std::flush;
        constexpr int ended_by_signal = 128;
        return ended_by_signal + *signal;
    }
    if (!std::cout.flush()) {
        throw std::runtime_error("cannot write the report to the standard output");
    }
    return 0;
}

} // namespace eddy::cli
