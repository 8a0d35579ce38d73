// baseline.hpp — an earlier comparison on the same machine, and what has changed since.
//
// A value is one metric of one cell, of those that findings are about. It differs if
//   - chance alone makes series of that many rounds differ as much so rarely, by the rank-sum test,
//     that among all values compared there is one such in error_rate of all comparisons, and
//   - the medians differ by more than least_change.
// A round in which something else had more of the machine than busy_cores_max does not count; the
// user may set another limit. Where too few are left for the first condition, nothing is said.
// Models that contain no eddy cannot get worse by a change of eddy: what differs there is the
// machine's, and a value of eddy is worse only if it is so by least_change more than theirs, of the
// same workload, size and metric, in the middle.

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
inline constexpr double error_rate = 0.05;

enum class verdict {
    same,    // within noise
    faster,  // or lighter: better
    slower,  // or heavier: worse
    drifted, // it differs, and so does what has no eddy in it: not by a change of eddy
    lost,    // it was measured, and now fails, crashes or takes too long: worse
    unclear, // too few undisturbed rounds
};

[[nodiscard]] std::string_view name_of(verdict which) noexcept;

/// One value, then and now.
struct change {
    const compare::workload* workload = nullptr;
    compare::model model = compare::model::threads;
    std::uint64_t size = 0;
    std::string_view metric;
    compare::unit unit = compare::unit::time;
    double then = 0;             // the median, as now
    double now = 0;              // not if lost
    std::size_t rounds_then = 0; // undisturbed ones
    std::size_t rounds_now = 0;
    double chance = 1; // of such a difference in ranks, if nothing has changed
    double drift = 1;  // the ratio of the models without eddy, in the middle
    cli::verdict verdict = cli::verdict::same;

    [[nodiscard]] std::optional<double> ratio() const; // now over then
};

struct changes {
    std::string file;
    std::string date;
    std::vector<std::string> warnings; // what makes the two hard to compare
    std::vector<change> values;
    double foreign_cores_max = 0;
    std::size_t disturbed = 0; // rounds of cells that do not count, of both
    std::size_t rounds = 0;    // of them all

    [[nodiscard]] std::size_t count(verdict which) const;
    [[nodiscard]] bool any_worse() const;
    [[nodiscard]] bool all_unclear() const;
    /// So many undisturbed rounds a value wants, here and in the baseline.
    [[nodiscard]] std::size_t rounds_wanted() const;
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
    /// `foreign_cores_max`: of something else, for a round to count.
    ///
    /// Throws: std::runtime_error naming the file if it is not what --json wrote, or of another
    ///         version of that format.
    baseline(std::string path, double foreign_cores_max);

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
    [[nodiscard]] const std::vector<compare::metrics>* samples_of(const cell& what) const;
    void add_changes(changes& all, const cell_result& now) const;

    std::string path_;
    double foreign_cores_max_;
    std::string date_;
    circumstances then_;
    std::vector<earlier_cell> cells_;
};

} // namespace eddy::cli
