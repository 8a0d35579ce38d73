// baseline.hpp — an earlier comparison on the same machine, and what has changed since.
//
// A value is one metric of one cell, of those that findings are about. Noise is what the samples of
// both runs spread, added up: a run's spread is from the 10th to the 90th percentile, over the
// median. A value is worse or better if both the medians and the least samples differ by more than
// noise, and by more than least_change; with fewer than samples_min samples on a side nothing is
// said. The least samples are what something else on the machine disturbs least.

#pragma once

#include "results.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eddy::cli {

inline constexpr double least_change = 1.10;
inline constexpr std::size_t samples_min = 3;

enum class verdict {
    same,    // within noise
    faster,  // or lighter: better
    slower,  // or heavier: worse
    lost,    // it was measured, and now fails, crashes or takes too long: worse
    unclear, // too few samples
};

[[nodiscard]] std::string_view name_of(verdict which) noexcept;

/// One value, then and now.
struct change {
    const compare::workload* workload = nullptr;
    compare::model model = compare::model::threads;
    std::uint64_t size = 0;
    std::string_view metric;
    compare::unit unit = compare::unit::time;
    double then = 0;        // the median, as now
    double now = 0;         // not if lost
    double least_ratio = 0; // of the least samples, now over then
    double noise = 0;       // 0.1: 10 %
    cli::verdict verdict = cli::verdict::same;

    [[nodiscard]] std::optional<double> ratio() const; // now over then
};

struct changes {
    std::string file;
    std::string date;
    std::vector<std::string> warnings; // what makes the two hard to compare
    std::vector<change> values;

    [[nodiscard]] std::size_t count(verdict which) const;
    [[nodiscard]] bool any_worse() const;
    [[nodiscard]] std::string summary() const; // a sentence

    [[nodiscard]] const change* find(const compare::workload& workload, compare::model model,
                                     std::uint64_t size, std::string_view metric) const;
    [[nodiscard]] nlohmann::json to_json() const;
};

/// What a comparison says of where it was made.
struct circumstances {
    std::string machine; // what times depend on and no update changes
    std::string kernel;
    std::map<std::string, std::string> versions;
    bool busy = false; // with something else

    /// Throws: nlohmann::json::exception if `record` is not such a record.
    [[nodiscard]] static circumstances of(const nlohmann::json& record);
};

class baseline {
public:
    /// Throws: std::runtime_error naming the file if it is not what --json wrote, or of another
    ///         version of that format.
    explicit baseline(std::string path);

    /// `record`: the head of the new one, with machine and versions.
    ///
    /// Throws: std::runtime_error if it is of another machine, or has no cell of `planned`.
    void check(const nlohmann::json& record, const results& planned) const;

    [[nodiscard]] changes compared_with(const nlohmann::json& record, const results& now) const;

private:
    struct earlier_cell {
        std::string workload;
        std::string model;
        std::uint64_t size = 0;
        std::vector<compare::metrics> samples; // none if it was not measured
    };

    void parse(const nlohmann::json& record);
    [[nodiscard]] std::vector<double> samples_of(const cell& what, std::string_view metric) const;
    void add_changes(std::vector<change>& all, const cell_result& now) const;

    std::string path_;
    std::string date_;
    circumstances then_;
    std::vector<earlier_cell> cells_;
};

} // namespace eddy::cli
