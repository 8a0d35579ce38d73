// baseline.cpp — an earlier comparison on the same machine, and what has changed since.

#include "baseline.hpp"

#include "compare/median.hpp"
#include "machine.hpp"
#include "record.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace eddy::cli {

namespace {

constexpr double least_median = 1e-9; // less is nothing: no ratio

std::vector<double> values_of(const std::vector<compare::metrics>& samples,
                              std::string_view metric) {
    std::vector<double> values;
    for (const compare::metrics& sample : samples) {
        if (const auto found = sample.find(std::string(metric)); found != sample.end()) {
            values.push_back(found->second);
        }
    }
    return values;
}

double spread(const std::vector<double>& values) {
    const double middle = compare::median(values);
    return middle < least_median
               ? 0
               : (compare::quantile(values, 0.9) - compare::quantile(values, 0.1)) / middle;
}

double least_ratio(const std::vector<double>& before, const std::vector<double>& after) {
    const double then = compare::quantile(before, 0);
    return then < least_median ? 0 : compare::quantile(after, 0) / then;
}

verdict judge(const change& value, std::size_t samples) {
    const auto ratio = value.ratio();
    if (samples < samples_min || !ratio) {
        return verdict::unclear;
    }
    const double beyond = std::max(least_change, 1 + value.noise);
    if (std::min(*ratio, value.least_ratio) > beyond) {
        return verdict::slower;
    }
    return std::max(*ratio, value.least_ratio) < 1 / beyond ? verdict::faster : verdict::same;
}

// "AMD EPYC, 2 cores, 24 GiB"
std::string identity_of(const nlohmann::json& machine) {
    const std::string summary = summary_of(machine);
    const auto& quota = machine.at("cgroup_cpu_quota");
    return summary.substr(0, summary.rfind(", ")) + // without the kernel
           (quota.is_null() ? "" : ", a quota of " + quota.dump() + " cores");
}

void warn_if_other(std::vector<std::string>& warnings, const std::string& what,
                   const std::string& then, const std::string& now) {
    if (then != now) {
        warnings.push_back(what + ": " + then + " then, " + now + " now.");
    }
}

std::vector<std::string> warnings_of(const circumstances& then, const circumstances& now) {
    std::vector<std::string> warnings;
    warn_if_other(warnings, "Kernel", then.kernel, now.kernel);
    for (const char* part : {"compiler", "build", "tbb", "mimalloc", "glibc"}) {
        warn_if_other(warnings, part, then.versions.at(part), now.versions.at(part));
    }
    if (then.busy || now.busy) {
        warnings.push_back("The machine was busy with something else " +
                           std::string(then.busy ? now.busy ? "then and now" : "then" : "now") +
                           ".");
    }
    return warnings;
}

std::string counted(std::size_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what);
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw std::runtime_error("--baseline: " + path + " " + why);
}

} // namespace

std::string_view name_of(verdict which) noexcept {
    static constexpr std::array<std::string_view, 5> names{"same", "faster", "slower", "lost",
                                                           "unclear"};
    return names[static_cast<std::size_t>(which)];
}

std::optional<double> change::ratio() const {
    return verdict == verdict::lost || then < least_median || now < least_median
               ? std::nullopt
               : std::optional(now / then);
}

std::size_t changes::count(verdict which) const {
    return static_cast<std::size_t>(
        std::count_if(values.begin(), values.end(),
                      [which](const change& each) { return each.verdict == which; }));
}

bool changes::any_worse() const {
    return count(verdict::slower) + count(verdict::lost) > 0;
}

std::string changes::summary() const {
    const std::size_t lost = count(verdict::lost);
    const std::size_t unclear = count(verdict::unclear);
    return "Of " + counted(values.size(), values.size() == 1 ? "value, " : "values, ") +
           counted(count(verdict::slower), "got worse beyond noise, ") +
           counted(count(verdict::faster), "better; ") +
           counted(count(verdict::same), "stayed within it") +
           (lost > 0 ? "; " + counted(lost, "could not be measured any more") : "") +
           (unclear > 0 ? "; " + counted(unclear, "had too few samples to say") : "") + ".";
}

const change* changes::find(const compare::workload& workload, compare::model model,
                            std::uint64_t size, std::string_view metric) const {
    const auto found = std::find_if(values.begin(), values.end(), [&](const change& each) {
        return each.workload == &workload && each.model == model && each.size == size &&
               each.metric == metric;
    });
    return found == values.end() ? nullptr : &*found;
}

nlohmann::json changes::to_json() const {
    nlohmann::json list = nlohmann::json::array();
    for (const change& each : values) {
        const auto ratio = each.ratio();
        list.push_back(
            {{"workload", each.workload->name},
             {"model", compare::name_of(each.model)},
             {"size", each.size},
             {"metric", each.metric},
             {"title", compare::title_of(*each.workload, each.metric)},
             {"unit", compare::name_of(each.unit)},
             {"then", each.then},
             {"now", each.verdict == verdict::lost ? nlohmann::json() : nlohmann::json(each.now)},
             {"ratio", ratio ? nlohmann::json(*ratio) : nlohmann::json()},
             {"least_ratio", each.least_ratio},
             {"noise", each.noise},
             {"verdict", name_of(each.verdict)}});
    }
    return {{"file", file},
            {"date", date},
            {"warnings", warnings},
            {"summary", summary()},
            {"changes", list}};
}

circumstances circumstances::of(const nlohmann::json& record) {
    const nlohmann::json& machine = record.at("machine");
    return {.machine = identity_of(machine),
            .kernel = machine.at("kernel").get<std::string>(),
            .versions = record.at("versions").get<std::map<std::string, std::string>>(),
            .busy = is_busy(machine)};
}

baseline::baseline(std::string path) : path_(std::move(path)) {
    std::ifstream file(path_);
    if (!file) {
        throw std::runtime_error("--baseline: cannot read " + path_ + ": " + std::strerror(errno));
    }
    try {
        parse(nlohmann::json::parse(file));
    } catch (const nlohmann::json::exception&) {
        refuse(path_, "is not what `eddy compare --json` wrote");
    }
}

void baseline::parse(const nlohmann::json& record) {
    const auto schema = record.at("schema").get<int>();
    if (schema != record_schema) {
        refuse(path_, "is of version " + std::to_string(schema) + " of the format, not " +
                          std::to_string(record_schema));
    }
    if (record.at("program") != record_program) {
        refuse(path_, "is not what `eddy compare --json` wrote");
    }
    then_ = circumstances::of(record);
    date_ = record.at("date").get<std::string>();
    for (const nlohmann::json& each : record.at("cells")) {
        cells_.push_back({.workload = each.at("workload"),
                          .model = each.at("model"),
                          .size = each.at("size"),
                          .samples = {}});
        if (each.at("status") == name_of(status::measured)) {
            cells_.back().samples = each.at("samples").get<std::vector<compare::metrics>>();
        }
    }
}

std::vector<double> baseline::samples_of(const cell& what, std::string_view metric) const {
    const auto found = std::find_if(cells_.begin(), cells_.end(), [&](const earlier_cell& each) {
        return each.workload == what.workload->name && each.model == compare::name_of(what.model) &&
               each.size == what.asked.size;
    });
    return found == cells_.end() ? std::vector<double>() : values_of(found->samples, metric);
}

void baseline::check(const nlohmann::json& record, const results& planned) const {
    const circumstances now = circumstances::of(record);
    if (then_.machine != now.machine) {
        refuse(path_, "is of another machine: " + then_.machine + "; this one: " + now.machine);
    }
    const bool any =
        std::any_of(planned.cells().begin(), planned.cells().end(), [&](const cell_result& each) {
            const auto& questions = each.what().workload->questions;
            return std::any_of(questions.begin(), questions.end(), [&](const auto& question) {
                return !samples_of(each.what(), question.metric).empty();
            });
        });
    if (!any) {
        refuse(path_, "has none of the cells that are to be measured");
    }
}

void baseline::add_changes(std::vector<change>& all, const cell_result& now) const {
    const bool lost = now.status() == status::failed || now.status() == status::crashed ||
                      now.status() == status::timed_out;
    for (const compare::question& question : now.what().workload->questions) {
        const auto before = samples_of(now.what(), question.metric);
        const auto after = values_of(now.samples(), question.metric);
        if (before.empty() || (after.empty() && !lost) ||
            now.what().asked.size < question.size_min) {
            continue;
        }
        change made{.workload = now.what().workload,
                    .model = now.what().model,
                    .size = now.what().asked.size,
                    .metric = question.metric,
                    .unit = question.values,
                    .then = compare::median(before),
                    .now = compare::median(after),
                    .least_ratio = least_ratio(before, after),
                    .noise = spread(before) + spread(after)};
        made.verdict = lost ? verdict::lost : judge(made, std::min(before.size(), after.size()));
        all.push_back(made);
    }
}

changes baseline::compared_with(const nlohmann::json& record, const results& now) const {
    changes made{.file = path_,
                 .date = date_,
                 .warnings = warnings_of(then_, circumstances::of(record)),
                 .values = {}};
    for (const cell_result& each : now.cells()) {
        add_changes(made.values, each);
    }
    return made;
}

} // namespace eddy::cli
