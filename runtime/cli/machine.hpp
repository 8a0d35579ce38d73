// machine.hpp — what a reader of the numbers must know: the machine and the versions.

#pragma once

#include <eddy/base/clock.hpp>

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <string>

namespace eddy::cli {

/// How many threads may run at once here.
[[nodiscard]] unsigned cores();

/// Processor, cores, control group quota, memory, kernel, and whether it is busy. Takes 0.3 s.
[[nodiscard]] nlohmann::json machine();

/// More than this of something else, and times are not to be trusted.
inline constexpr double busy_cores_max = 0.3;

/// How much of the machine something else uses, from its construction on: what is neither this
/// process nor a child that it has reaped.
class foreign_load {
public:
    foreign_load();
    /// In processors, to a hundredth of a second.
    [[nodiscard]] double cores() const;

private:
    [[nodiscard]] static std::chrono::nanoseconds used(); // of all processors, since the boot

    std::chrono::nanoseconds used_before_;
    std::chrono::nanoseconds own_before_;
    clock::time_point start_ = clock::now();
};

/// Something else used so much of it just before the start that times are not to be trusted.
[[nodiscard]] bool is_busy(const nlohmann::json& machine);

/// Compiler, libraries, and how they were built.
[[nodiscard]] nlohmann::json versions();

/// Both in one line, for the head of the table.
[[nodiscard]] std::string summary_of(const nlohmann::json& machine);

/// "2025-01-31T12:00:00Z"
[[nodiscard]] std::string date_now();

} // namespace eddy::cli
