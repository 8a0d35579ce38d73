// record.hpp — the comparison as a JSON file.

#pragma once

#include "results.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace eddy::cli {

/// What was measured: every sample, medians, 25th percentiles, findings.
[[nodiscard]] nlohmann::json record_of(const results& found);

/// A file that is opened before there is anything to write, so that a wrong path is known at once.
/// What it held before is lost only when write() is called.
class json_file {
public:
    /// Throws: std::runtime_error naming the path if it cannot be written.
    explicit json_file(std::string path);

    /// Throws: the same.
    void write(const nlohmann::json& content);

private:
    std::string path_;
};

} // namespace eddy::cli
