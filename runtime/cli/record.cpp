// record.cpp — the comparison as a JSON file.

#include "record.hpp"

#include "findings.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace eddy::cli {

namespace {

nlohmann::json cell_record(const cell_result& cell) {
    nlohmann::json record = cell.what().to_json();
    record["status"] = name_of(cell.status());
    if (!cell.why().empty()) {
        record["why"] = cell.why();
    }
    record["samples"] = cell.samples();
    record["median"] = cell.quantiles(0.5);
    record["percentile_25"] = cell.quantiles(0.25);
    return record;
}

[[noreturn]] void refuse(const std::string& path) {
    throw std::runtime_error("cannot write " + path + ": " + std::strerror(errno));
}

} // namespace

nlohmann::json record_of(const results& found) {
    nlohmann::json record{{"cells", nlohmann::json::array()},
                          {"findings", nlohmann::json::object()}};
    for (const cell_result& cell : found.cells()) {
        record["cells"].push_back(cell_record(cell));
    }
    for (const compare::workload& workload : compare::workloads()) {
        if (!found.sizes_of(workload).empty()) {
            record["findings"][std::string(workload.name)] = finding_of(workload, found);
        }
    }
    return record;
}

json_file::json_file(std::string path) : path_(std::move(path)) {
    if (!std::ofstream(path_, std::ios::app)) {
        refuse(path_);
    }
}

void json_file::write(const nlohmann::json& content) {
    std::ofstream file(path_);
    file << content.dump(2) << '\n' << std::flush;
    if (!file) {
        refuse(path_);
    }
}

} // namespace eddy::cli
