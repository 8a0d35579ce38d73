// compare_command.cpp — `eddy compare`: the same work by threads, processes, coroutines and oneTBB.

#include "compare_command.hpp"

#include "baseline.hpp"
#include "cell_process.hpp"
#include "machine.hpp"
#include "output_file.hpp"
#include "page.hpp"
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

void print_head(const nlohmann::json& record) {
    const nlohmann::json& versions = record.at("versions");
    std::cout << summary_of(record.at("machine")) << "\neddy "
              << versions.at("eddy").get<std::string>() << ", "
              << versions.at("compiler").get<std::string>() << ", oneTBB "
              << versions.at("tbb").get<std::string>() << ", mimalloc "
              << versions.at("mimalloc").get<std::string>() << '\n';
    std::cout << "Shown are medians. In a finding, n × is n times as much as the best one, and up "
                 "to 5 % more counts as equal.\n";
    for (const nlohmann::json& warning : record.at("warnings")) {
        std::cout << warning.get<std::string>() << '\n';
    }
    std::cout << std::flush;
}

// What is known before anything is measured.
nlohmann::json head_of(const compare_options& options, const plan& planned) {
    nlohmann::json record{
        {"schema", record_schema},  {"program", record_program},
        {"date", date_now()},       {"extent", options.extent == extent::quick ? "quick" : "full"},
        {"rounds", planned.rounds}, {"machine", machine()},
        {"versions", versions()},   {"warnings", nlohmann::json::array()}};
    if (is_busy(record["machine"])) {
        record["warnings"].push_back(
            "The machine was busy with something else (" +
            quantity(record["machine"]["busy_cores_before"].get<double>(), compare::unit::count) +
            " cores): do not trust the times.");
    }
    return record;
}

// Where the results go besides the terminal. Made first: what cannot be written, or drawn, is
// refused before anything is measured.
class outputs {
public:
    explicit outputs(const compare_options& options) {
        if (!options.html_path.empty() && options.html_path == options.json_path) {
            throw std::runtime_error("--json and --html are to write the same file, " +
                                     options.html_path);
        }
        if (!options.html_path.empty()) {
            library_ = read_chart_library();
            page_.emplace(options.html_path);
        }
        if (!options.json_path.empty()) {
            json_.emplace(options.json_path);
        }
    }

    void write(const nlohmann::json& record) const {
        constexpr int indent = 2;
        if (json_) {
            json_->write(record.dump(indent) + "\n");
        }
        if (page_) {
            page_->write(page_of(record, library_));
        }
    }

private:
    std::string library_;
    std::optional<output_file> page_;
    std::optional<output_file> json_;
};

} // namespace

int run_compare(const compare_options& options) {
    signals stop;
    plan planned = make_plan(options);
    std::optional<baseline> before;
    if (!options.baseline_path.empty()) {
        before.emplace(options.baseline_path, options.foreign_cores_max.value_or(busy_cores_max));
    }
    nlohmann::json record = head_of(options, planned);
    if (before) {
        before->check(record, planned.cells);
    }
    const outputs files(options);
    print_head(record);
    comparison(planned, stop).run();
    print_report(std::cout, planned.cells);
    record.update(record_of(planned.cells));
    const auto signal = stop.arrived();
    record["interrupted"] = signal.has_value();
    if (signal) {
        record["warnings"].push_back("Interrupted: what is missing was not measured.");
    }
    int code = 0;
    if (before) {
        const changes found = before->compared_with(record, planned.cells);
        print_changes(std::cout, planned.cells, found);
        record["baseline"] = found.to_json();
        code = found.any_worse() ? exit_worse : found.all_unclear() ? exit_unclear : 0;
    }
    files.write(record);
    if (signal) {
        std::cout << "\nInterrupted: what is missing was not measured.\n" << std::flush;
        constexpr int ended_by_signal = 128;
        return ended_by_signal + *signal;
    }
    if (!std::cout.flush()) {
        throw std::runtime_error("cannot write the report to the standard output");
    }
    return code;
}

} // namespace eddy::cli
