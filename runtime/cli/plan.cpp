// plan.cpp — which cells are measured, how often, and how long that may take.

#include "plan.hpp"

#include "machine.hpp"
#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace eddy::cli {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t full_rounds = 10;
constexpr std::size_t quick_rounds = 3;
constexpr auto full_cell_limit = 30s;
constexpr auto quick_cell_limit = 5s;
constexpr auto full_whole_limit = 240s; // likewise: five minutes in all
constexpr auto quick_whole_limit = 40s; // the last round may begin just before: 60 s in all

constexpr std::uint64_t sizes_max = 100'000'000;

using sizes_by_workload = std::map<std::string, std::vector<std::uint64_t>, std::less<>>;

template <typename Names>
std::string list_of_names(const Names& all) {
    std::string text;
    for (const auto& each : all) {
        text += text.empty() ? "" : ", ";
        text += each;
    }
    return text;
}

std::vector<std::string_view> workload_names() {
    std::vector<std::string_view> names;
    names.reserve(compare::workloads().size());
    for (const compare::workload& each : compare::workloads()) {
        names.push_back(each.name);
    }
    return names;
}

std::vector<std::string_view> model_names() {
    std::vector<std::string_view> names;
    names.reserve(compare::models.size());
    for (const compare::model each : compare::models) {
        names.push_back(compare::name_of(each));
    }
    return names;
}

void check_workload(std::string_view option, std::string_view name) {
    if (compare::find_workload(name) == nullptr) {
        throw std::runtime_error(std::string(option) + ": no workload '" + std::string(name) +
                                 "'; there are " + list_of_names(workload_names()));
    }
}

void check_model(std::string_view name) {
    if (compare::find_model(name) == nullptr) {
        throw std::runtime_error("--models: no model '" + std::string(name) + "'; there are " +
                                 list_of_names(model_names()));
    }
}

std::uint64_t parse_size(const std::string& text) {
    std::uint64_t size = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, size);
    if (error != std::errc() || stopped != end || size == 0 || size > sizes_max) {
        throw std::runtime_error("--sizes: '" + text + "' is not a size (1 to " +
                                 std::to_string(sizes_max) + ")");
    }
    return size;
}

// "idle_waiters=10,100"
sizes_by_workload parse_sizes(const std::vector<std::string>& texts) {
    sizes_by_workload all;
    for (const std::string& text : texts) {
        const auto equals = text.find('=');
        if (equals == std::string::npos) {
            throw std::runtime_error("--sizes: wants WORKLOAD=N[,N...], not '" + text + "'");
        }
        const std::string name = text.substr(0, equals);
        check_workload("--sizes", name);
        std::istringstream list(text.substr(equals + 1));
        auto& sizes = all[name];
        for (std::string size; std::getline(list, size, ',');) {
            sizes.push_back(parse_size(size));
        }
        std::sort(sizes.begin(), sizes.end()); // ascending: the small ones foretell the large ones
        sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    }
    return all;
}

bool chosen(const std::vector<std::string>& names, std::string_view name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

void add_cells(results& cells, const compare::workload& workload,
               const std::vector<std::uint64_t>& sizes, const compare_options& options) {
    for (const std::uint64_t size : sizes) {
        for (const compare::model model : compare::models) {
            if (workload[model].is_part() && chosen(options.models, compare::name_of(model))) {
                const unsigned threads = model == compare::model::one_core ? 1 : cores();
                cells.add({.workload = &workload,
                           .model = model,
                           .asked = {.size = size, .cores = threads}});
            }
        }
    }
}

std::string about_seconds(std::chrono::nanoseconds span) {
    return quantity(static_cast<double>(span.count()), compare::unit::time);
}

} // namespace

std::string names_and_titles() {
    constexpr std::size_t name_columns = 14;
    std::string text = "Workloads:\n";
    for (const compare::workload& each : compare::workloads()) {
        text.append("  ").append(left_aligned(each.name, name_columns)).append(each.title) += '\n';
    }
    text += "\nModels:\n";
    for (const compare::model each : compare::models) {
        text.append("  ").append(left_aligned(compare::name_of(each), name_columns));
        text.append(compare::title_of(each)).append(": ").append(compare::explanation_of(each)) +=
            '\n';
    }
    return text;
}

plan make_plan(const compare_options& options) {
    for (const std::string& name : options.workloads) {
        check_workload("--workloads", name);
    }
    for (const std::string& name : options.models) {
        check_model(name);
    }
    const bool quick = options.extent == extent::quick;
    plan made{
        .rounds = options.repetitions.value_or(quick ? quick_rounds : full_rounds),
        .cell_limit = quick ? quick_cell_limit : full_cell_limit,
        .whole_limit = quick ? quick_whole_limit : std::chrono::nanoseconds(full_whole_limit),
        .cells = {},
    };
    if (options.repetitions) {
        made.whole_limit = std::chrono::nanoseconds::max(); // as often as was asked for
    }
    if (options.cell_seconds) {
        made.cell_limit = std::chrono::seconds(*options.cell_seconds);
    }
    const auto sizes = parse_sizes(options.sizes);
    for (const compare::workload& workload : compare::workloads()) {
        if (chosen(options.workloads, workload.name)) {
            const auto own = sizes.find(workload.name);
            const auto& usual = quick ? workload.quick_sizes : workload.sizes;
            add_cells(made.cells, workload, own == sizes.end() ? usual : own->second, options);
        }
    }
    return made;
}

std::optional<outcome> foreseen(const cell& what, const limits& room, const results& measured,
                                std::chrono::nanoseconds limit) {
    const compare::workload& workload = *what.workload;
    if (const auto& entry = workload[what.model]; entry.run == nullptr) {
        return outcome{status::cannot, {}, "cannot: " + std::string(entry.cannot)};
    }
    const cli::limit& most = room.of(what.model);
    if (workload.alive(what.model, what.asked.size) > most.count) {
        return outcome{status::cannot, {}, most.why};
    }
    if (const cell_result* smaller = measured.smaller(what)) {
        const double times = static_cast<double>(workload.work(what.asked.size)) /
                             static_cast<double>(workload.work(smaller->what().asked.size));
        const double nanoseconds = static_cast<double>(smaller->time().count()) * times;
        if (nanoseconds > static_cast<double>(limit.count())) {
            return outcome{status::skipped,
                           {},
                           "would take about " + quantity(nanoseconds, compare::unit::time) +
                               " (to judge by " + workload.size_title(smaller->what().asked.size) +
                               "), more than the " + about_seconds(limit) + " a cell may take"};
        }
    }
    return std::nullopt;
}

} // namespace eddy::cli
