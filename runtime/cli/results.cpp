// results.cpp — what was measured up to now, cell by cell.

#include "results.hpp"

#include "compare/median.hpp"

#include <algorithm>
#include <utility>

namespace eddy::cli {

namespace {

template <typename T>
void add_once(std::vector<T>& values, T value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) {
        values.push_back(value);
    }
}

} // namespace

void cell_result::add(outcome found) {
    if (found.status == status::skipped && measured()) {
        return; // the samples it has are good
    }
    status_ = found.status;
    why_ = std::move(found.why);
    if (found.status == status::measured) {
        samples_.push_back(std::move(found.found));
    }
}

std::vector<double> cell_result::values_of(const std::string& metric) const {
    std::vector<double> values;
    for (const compare::metrics& sample : samples_) {
        if (const auto found = sample.find(metric); found != sample.end()) {
            values.push_back(found->second);
        }
    }
    return values;
}

std::optional<double> cell_result::median(std::string_view metric) const {
    const auto values = values_of(std::string(metric));
    if (!measured() || values.empty()) {
        return std::nullopt;
    }
    return compare::median(values);
}

compare::metrics cell_result::quantiles(double part) const {
    compare::metrics found;
    if (!samples_.empty()) {
        for (const auto& [metric, ignored] : samples_.front()) {
            found[metric] = compare::quantile(values_of(metric), part);
        }
    }
    return found;
}

std::chrono::nanoseconds cell_result::time() const {
    double sum = 0;
    for (const std::string_view span : what_.workload->spans) {
        sum += median(span).value_or(0);
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>(sum));
}

const cell_result* results::find(const compare::workload& workload, compare::model model,
                                 std::uint64_t size) const noexcept {
    const auto found = std::find_if(cells_.begin(), cells_.end(), [&](const cell_result& each) {
        return each.what().workload == &workload && each.what().model == model &&
               each.what().asked.size == size;
    });
    return found == cells_.end() ? nullptr : &*found;
}

std::vector<std::uint64_t> results::sizes_of(const compare::workload& workload) const {
    std::vector<std::uint64_t> sizes;
    for (const cell_result& each : cells_) {
        if (each.what().workload == &workload) {
            add_once(sizes, each.what().asked.size);
        }
    }
    return sizes;
}

std::vector<compare::model> results::models_of(const compare::workload& workload) const {
    std::vector<compare::model> models;
    for (const cell_result& each : cells_) {
        if (each.what().workload == &workload) {
            add_once(models, each.what().model);
        }
    }
    return models;
}

const cell_result* results::smaller(const cell& what) const noexcept {
    const cell_result* best = nullptr;
    for (const cell_result& each : cells_) {
        const bool comparable = each.what().workload == what.workload &&
                                each.what().model == what.model && each.measured() &&
                                each.what().asked.size < what.asked.size;
        if (comparable && (best == nullptr || best->what().asked.size < each.what().asked.size)) {
            best = &each;
        }
    }
    return best;
}

} // namespace eddy::cli
