// refusals.hpp — reports what still ran after the grace period of a shutdown.

#pragma once

#include <eddy/core/report.hpp>

#include <string>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// One report for each of them, which say what it was.
inline void report_refusals(std::vector<std::string> refusing) {
    for (std::string& each : refusing) {
        emit({.kind = report_kind::refuses_to_end,
              .message = std::move(each),
              .task_name = {},
              .site = {},
              .error = nullptr});
    }
}

} // namespace eddy::inline v0
