// machine.hpp — what a reader of the numbers must know: the machine and the versions.

#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace eddy::cli {

/// How many threads may run at once here.
[[nodiscard]] unsigned cores();

/// Processor, cores, control group quota, memory, kernel, and whether it is busy. Takes 0.3 s.
[[nodiscard]] nlohmann::json machine();

/// Something else used so much of it just before the start that times are not to be trusted.
[[nodiscard]] bool is_busy(const nlohmann::json& machine);

/// Compiler, libraries, and how they were built.
[[nodiscard]] nlohmann::json versions();

/// Both in one line, for the head of the table.
[[nodiscard]] std::string summary_of(const nlohmann::json& machine);

/// "2025-01-31T12:00:00Z"
[[nodiscard]] std::string date_now();

} // namespace eddy::cli
