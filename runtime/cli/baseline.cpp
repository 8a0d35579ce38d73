// baseline.cpp — an earlier comparison on the same machine, and what has changed since.

#include "baseline.hpp"

#include "compare/median.hpp"
#include "machine.hpp"
#include "rank_test.hpp"
#include "record.hpp"
#include "text.hpp"

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

std::vector<compare::metrics> undisturbed(std::vector<compare::metrics> samples,
                                          double foreign_cores_max) {
    std::erase_if(samples, [=](const compare::metrics& sample) {
        const auto found = sample.find(std::string(foreign_cores));
        return found != sample.end() && found->second > foreign_cores_max;
    });
    return samples;
}

bool contains_eddy(compare::model which) {
    return which != compare::model::threads && which != compare::model::processes &&
           which != compare::model::tbb;
}

bool same_measurement(const change& one, const change& other) {
    return one.workload == other.workload && one.size == other.size && one.metric == other.metric;
}

// What chance may make of one value, if it makes a difference among all of them at error_rate.
double chance_max(std::size_t values) {
    return error_rate / static_cast<double>(std::max<std::size_t>(values, 1));
}

bool enough_rounds(const change& value, double limit) {
    return least_chance(value.rounds_then, value.rounds_now) <= limit && value.ratio();
}

bool differs(const change& value, double limit) {
    const double ratio = *value.ratio();
    return value.chance <= limit && std::max(ratio, 1 / ratio) > least_change;
}

// The ratio in the middle of the models that have no eddy in them; 1 if there are none.
double drift_of(const change& value, const std::vector<change>& all, double limit) {
    std::vector<double> ratios;
    for (const change& other : all) {
        if (same_measurement(value, other) && !contains_eddy(other.model) &&
            other.verdict != verdict::lost && enough_rounds(other, limit)) {
            ratios.push_back(*other.ratio());
        }
    }
    return ratios.empty() ? 1 : compare::median(ratios);
}

verdict judge(const change& value, double limit) {
    if (!enough_rounds(value, limit)) {
        return verdict::unclear;
    }
    if (!differs(value, limit)) {
        return verdict::same;
    }
    if (!contains_eddy(value.model)) {
        return verdict::drifted;
    }
    const double ratio = *value.ratio();
    if (ratio > 1) {
        return ratio > least_change * std::max(1.0, value.drift) ? verdict::slower
                                                                 : verdict::drifted;
    }
    return ratio < std::min(1.0, value.drift) / least_change ? verdict::faster : verdict::drifted;
}

void judge_all(std::vector<change>& all) {
    const double limit = chance_max(all.size());
    for (change& each : all) {
        if (each.verdict != verdict::lost) {
            each.drift = drift_of(each, all, limit);
            each.verdict = judge(each, limit);
        }
    }
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
    static constexpr std::array<std::string_view, 6> names{"same",    "faster", "slower",
                                                           "drifted", "lost",   "unclear"};
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

bool changes::all_unclear() const {
    return !values.empty() && count(verdict::unclear) == values.size();
}

std::size_t changes::rounds_wanted() const {
    std::size_t wanted = 1;
    while (least_chance(wanted, wanted) > chance_max(values.size())) {
        ++wanted;
    }
    return wanted;
}

std::string changes::summary() const {
    const std::size_t lost = count(verdict::lost);
    const std::size_t drifted = count(verdict::drifted);
    const std::size_t unclear = count(verdict::unclear);
    std::string text =
        "Of " + counted(values.size(), values.size() == 1 ? "value, " : "values, ") +
        counted(count(verdict::slower), "got worse beyond noise, ") +
        counted(count(verdict::faster), "better; ") +
        counted(count(verdict::same), "stayed within it") +
        (drifted > 0
             ? "; " + counted(drifted, "changed with the machine, as what has no eddy in it did")
             : "") +
        (lost > 0 ? "; " + counted(lost, "could not be measured any more") : "") +
        (unclear > 0 ? "; " + counted(unclear, "had too few undisturbed rounds to say") : "") + ".";
    if (unclear > 0) {
        text += " It takes " + std::to_string(rounds_wanted()) +
                " in each of the two runs (--repetitions)";
        text += disturbed > 0 ? "; something else had more than " +
                                    quantity(foreign_cores_max, compare::unit::count) +
                                    " cores in " + std::to_string(disturbed) + " of " +
                                    std::to_string(rounds) + " measurements."
                              : ".";
    }
    return text;
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
             {"rounds", {each.rounds_then, each.rounds_now}},
             {"chance", each.chance},
             {"drift", each.drift},
             {"verdict", name_of(each.verdict)}});
    }
    return {{"file", file},
            {"date", date},
            {"warnings", warnings},
            {"summary", summary()},
            {"rounds_wanted", rounds_wanted()},
            {"changes", list}};
}

circumstances circumstances::of(const nlohmann::json& record) {
    const nlohmann::json& machine = record.at("machine");
    return {.machine = identity_of(machine),
            .kernel = machine.at("kernel").get<std::string>(),
            .versions = record.at("versions").get<std::map<std::string, std::string>>(),
            .busy = is_busy(machine)};
}

baseline::baseline(std::string path, double foreign_cores_max)
    : path_(std::move(path)), foreign_cores_max_(foreign_cores_max) {
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

// Nothing if it was not measured.
const std::vector<compare::metrics>* baseline::samples_of(const cell& what) const {
    const auto found = std::find_if(cells_.begin(), cells_.end(), [&](const earlier_cell& each) {
        return each.workload == what.workload->name && each.model == compare::name_of(what.model) &&
               each.size == what.asked.size && !each.samples.empty();
    });
    return found == cells_.end() ? nullptr : &found->samples;
}

void baseline::check(const nlohmann::json& record, const results& planned) const {
    const circumstances now = circumstances::of(record);
    if (then_.machine != now.machine) {
        refuse(path_, "is of another machine: " + then_.machine + "; this one: " + now.machine);
    }
    const bool any =
        std::any_of(planned.cells().begin(), planned.cells().end(),
                    [&](const cell_result& each) { return samples_of(each.what()) != nullptr; });
    if (!any) {
        refuse(path_, "has none of the cells that are to be measured");
    }
}

void baseline::add_changes(changes& all, const cell_result& now) const {
    const bool lost = now.status() == status::failed || now.status() == status::crashed ||
                      now.status() == status::timed_out;
    const auto* const earlier = samples_of(now.what());
    if (earlier == nullptr) {
        return;
    }
    const auto before = undisturbed(*earlier, foreign_cores_max_);
    const auto after = undisturbed(now.samples(), foreign_cores_max_);
    all.rounds += earlier->size() + now.samples().size();
    all.disturbed += earlier->size() - before.size() + now.samples().size() - after.size();
    for (const compare::question& question : now.what().workload->questions) {
        const auto then_all = values_of(*earlier, question.metric);
        const auto now_all = values_of(now.samples(), question.metric);
        if (then_all.empty() || (now_all.empty() && !lost) ||
            now.what().asked.size < question.size_min) {
            continue;
        }
        const auto then_calm = values_of(before, question.metric);
        const auto now_calm = values_of(after, question.metric);
        all.values.push_back({.workload = now.what().workload,
                              .model = now.what().model,
                              .size = now.what().asked.size,
                              .metric = question.metric,
                              .unit = question.values,
                              .then = compare::median(then_calm.empty() ? then_all : then_calm),
                              .now = compare::median(now_calm.empty() ? now_all : now_calm),
                              .rounds_then = then_calm.size(),
                              .rounds_now = now_calm.size(),
                              .chance = chance_of_ranks(then_calm, now_calm),
                              .verdict = lost ? verdict::lost : verdict::same});
    }
}

changes baseline::compared_with(const nlohmann::json& record, const results& now) const {
    changes made{.file = path_,
                 .date = date_,
                 .warnings = warnings_of(then_, circumstances::of(record)),
                 .values = {},
                 .foreign_cores_max = foreign_cores_max_};
    for (const cell_result& each : now.cells()) {
        add_changes(made, each);
    }
    judge_all(made.values);
    return made;
}

} // namespace eddy::cli
