// record.cpp — the comparison as JSON.

#include "record.hpp"

#include "findings.hpp"

#include <nlohmann/json.hpp>

#include <string>

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

nlohmann::json table_record(const compare::table& table) {
    nlohmann::json columns = nlohmann::json::array();
    for (const compare::column& each : table.columns) {
        columns.push_back({{"metric", each.metric},
                           {"title", each.title},
                           {"unit", compare::name_of(each.values)}});
    }
    return {{"title", table.title}, {"size_min", table.size_min}, {"columns", columns}};
}

nlohmann::json workload_record(const compare::workload& workload, const results& found) {
    nlohmann::json sizes = nlohmann::json::object();
    for (const std::uint64_t size : found.sizes_of(workload)) {
        sizes[std::to_string(size)] = workload.size_title(size);
    }
    nlohmann::json tables = nlohmann::json::array();
    for (const compare::table& each : workload.tables) {
        tables.push_back(table_record(each));
    }
    return {{"name", workload.name}, {"title", workload.title},         {"doing", workload.doing},
            {"size_titles", sizes},  {"size_name", workload.size_name}, {"tables", tables}};
}

} // namespace

nlohmann::json record_of(const results& found) {
    nlohmann::json record{{"cells", nlohmann::json::array()},
                          {"findings", nlohmann::json::object()},
                          {"models", nlohmann::json::array()},
                          {"workloads", nlohmann::json::array()}};
    for (const cell_result& cell : found.cells()) {
        record["cells"].push_back(cell_record(cell));
    }
    for (const compare::model model : compare::models) {
        record["models"].push_back({{"name", compare::name_of(model)},
                                    {"title", compare::title_of(model)},
                                    {"what", compare::explanation_of(model)}});
    }
    for (const compare::workload& workload : compare::workloads()) {
        if (!found.sizes_of(workload).empty()) {
            record["findings"][std::string(workload.name)] = findings_of(workload, found);
            record["workloads"].push_back(workload_record(workload, found));
        }
    }
    return record;
}

} // namespace eddy::cli
