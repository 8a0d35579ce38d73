// cell.cpp — one cell: a workload, a model and a size, measured in a process of its own.

#include "cell.hpp"

#include <nlohmann/json.hpp>

#include <exception>
#include <iostream>
#include <stdexcept>

namespace eddy::cli {

nlohmann::json cell::to_json() const {
    return {{"workload", workload->name},
            {"model", compare::name_of(model)},
            {"size", asked.size},
            {"cores", asked.cores}};
}

cell cell::from_json(const nlohmann::json& text) {
    const auto workload_name = text.at("workload").get<std::string>();
    const auto model_name = text.at("model").get<std::string>();
    const compare::workload* workload = compare::find_workload(workload_name);
    const compare::model* model = compare::find_model(model_name);
    if (workload == nullptr || model == nullptr) {
        throw std::runtime_error("no such cell: " + workload_name + " " + model_name);
    }
    return {
        .workload = workload,
        .model = *model,
        .asked = {.size = text.at("size"), .cores = text.at("cores")},
    };
}

std::string_view name_of(status which) noexcept {
    switch (which) {
    case status::measured:
        return "measured";
    case status::cannot:
        return "cannot";
    case status::skipped:
        return "skipped";
    case status::failed:
        return "failed";
    case status::crashed:
        return "crashed";
    case status::timed_out:
        return "timed out";
    }
    return "unknown";
}

int run_cell(std::string_view spec) {
    try {
        const cell what = cell::from_json(nlohmann::json::parse(spec));
        const compare::entry& entry = (*what.workload)[what.model];
        if (entry.run == nullptr) {
            throw std::runtime_error(std::string(entry.cannot));
        }
        std::cout << nlohmann::json(entry.run(what.asked)) << '\n' << std::flush;
        return std::cout ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}

compare::metrics metrics_of_cell(const std::string& printed) {
    try {
        return nlohmann::json::parse(printed).get<compare::metrics>();
    } catch (const nlohmann::json::exception&) {
        throw std::runtime_error("it printed no result");
    }
}

} // namespace eddy::cli
