// results.hpp — what was measured up to now, cell by cell.

#pragma once

#include "cell.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eddy::cli {

class cell_result {
public:
    explicit cell_result(const cell& what) : what_(what) {}

    /// A cell that could not be measured once is not tried again.
    void add(outcome found);

    [[nodiscard]] const cell& what() const noexcept { return what_; }
    [[nodiscard]] bool measured() const noexcept { return status_ == status::measured; }
    [[nodiscard]] bool given_up() const noexcept { return !measured() && !why_.empty(); }
    [[nodiscard]] cli::status status() const noexcept { return status_; }
    [[nodiscard]] const std::string& why() const noexcept { return why_; }
    [[nodiscard]] const std::vector<compare::metrics>& samples() const noexcept { return samples_; }

    /// Nothing if the cell was not measured, or has no such metric.
    [[nodiscard]] std::optional<double> median(std::string_view metric) const;

    /// Of all metrics.
    [[nodiscard]] compare::metrics quantiles(double part) const;

    /// How long the work took, by its own measurement.
    [[nodiscard]] std::chrono::nanoseconds time() const;

private:
    [[nodiscard]] std::vector<double> values_of(const std::string& metric) const;

    cell what_;
    cli::status status_ = status::skipped;
    std::string why_; // empty: measured, or not tried yet
    std::vector<compare::metrics> samples_;
};

/// The cells in the order of the tables: by workload, size, model.
class results {
public:
    void add(const cell& what) { cells_.emplace_back(what); }

    [[nodiscard]] std::vector<cell_result>& cells() noexcept { return cells_; }
    [[nodiscard]] const std::vector<cell_result>& cells() const noexcept { return cells_; }

    /// Nothing if that is not part of this comparison.
    [[nodiscard]] const cell_result* find(const compare::workload& workload, compare::model model,
                                          std::uint64_t size) const noexcept;

    /// What this comparison has of `workload`, in the order of the tables.
    [[nodiscard]] std::vector<std::uint64_t> sizes_of(const compare::workload& workload) const;
    [[nodiscard]] std::vector<compare::model> models_of(const compare::workload& workload) const;

    /// The same model's work at the largest smaller size that was measured.
    [[nodiscard]] const cell_result* smaller(const cell& what) const noexcept;

private:
    std::vector<cell_result> cells_;
};

} // namespace eddy::cli
