// findings.cpp — what the numbers of a workload say, in a sentence for each question.

#include "findings.hpp"

#include "text.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

namespace eddy::cli {

namespace {

constexpr double equal_up_to = 1.05;

struct score {
    compare::model model;
    double value;
};

// Smallest first.
std::vector<score> scores(const compare::workload& workload, const results& found,
                          std::string_view metric, std::uint64_t size) {
    std::vector<score> all;
    for (const compare::model model : found.models_of(workload)) {
        const cell_result* cell = found.find(workload, model, size);
        const auto value = cell == nullptr ? std::nullopt : cell->median(metric);
        if (value) {
            all.push_back({model, *value});
        }
    }
    std::sort(all.begin(), all.end(),
              [](const score& one, const score& other) { return one.value < other.value; });
    return all;
}

std::vector<compare::model> reached(const compare::workload& workload, const results& found,
                                    std::uint64_t size) {
    std::vector<compare::model> models;
    for (const compare::model model : found.models_of(workload)) {
        const cell_result* cell = found.find(workload, model, size);
        if (cell != nullptr && cell->measured()) {
            models.push_back(model);
        }
    }
    return models;
}

// The size that most models reached; of several such sizes the largest.
std::optional<std::uint64_t> common_size(const compare::workload& workload, const results& found) {
    std::optional<std::uint64_t> common;
    std::size_t most = 1;
    for (const std::uint64_t size : found.sizes_of(workload)) {
        const std::size_t models = reached(workload, found, size).size();
        if (models > most || (models == most && size > common.value_or(0))) {
            most = models;
            common = size;
        }
    }
    return common;
}

// The largest size that any model reached.
std::optional<std::uint64_t> largest_size(const compare::workload& workload, const results& found) {
    std::optional<std::uint64_t> largest;
    for (const std::uint64_t size : found.sizes_of(workload)) {
        if (!reached(workload, found, size).empty() && size > largest.value_or(0)) {
            largest = size;
        }
    }
    return largest;
}

// "a", "a and b", "a, b and c"
std::string list_of(const std::vector<compare::model>& models) {
    std::string text;
    for (std::size_t i = 0; i < models.size(); ++i) {
        text += i == 0 ? "" : i + 1 == models.size() ? " and " : ", ";
        text += compare::title_of(models[i]);
    }
    return text;
}

// "quickest to start, 1 000 waiters: a and b, 2 ms (c 3.0 ×)."
std::string answer(const std::string& size, const compare::question& question,
                   const std::vector<score>& all) {
    const double best = all.front().value;
    std::vector<compare::model> winners;
    std::string others;
    for (const score& each : all) {
        if (each.value <= best * equal_up_to) {
            winners.push_back(each.model);
            continue;
        }
        others.append(others.empty() ? "" : ", ").append(compare::title_of(each.model)) += ' ';
        others += best > 0 ? ratio(each.value / best) : quantity(each.value, question.values);
    }
    return std::string(question.superlative) + (size.empty() ? "" : ", ") + size + ": " +
           list_of(winners) + ", " + quantity(best, question.values) +
           (others.empty() ? "" : " (" + others + ")") + ".";
}

// The answers to the questions that at least two models have measured at `size`.
std::vector<std::string> answers(const compare::workload& workload, const results& found,
                                 std::uint64_t size) {
    std::vector<std::string> all;
    for (const compare::question& question : workload.questions) {
        const auto values = scores(workload, found, question.metric, size);
        if (values.size() >= 2 && size >= question.size_min) {
            all.push_back(answer(workload.whole_size(size), question, values));
        }
    }
    return all;
}

// What more sizes say, if fewer models did them than the one that was compared.
void add_beyond(std::vector<std::string>& all, const compare::workload& workload,
                const results& found, std::uint64_t compared) {
    const std::uint64_t size = largest_size(workload, found).value_or(compared);
    if (size <= compared) {
        return;
    }
    const auto models = reached(workload, found, size);
    all.push_back("only " + list_of(models) + " did " + workload.whole_size(size) + ".");
    const auto there = answers(workload, found, size);
    if (!there.empty()) {
        all.push_back(there.front());
    }
}

std::string capitalised(std::string text) {
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    return text;
}

} // namespace

std::vector<std::string> findings_of(const compare::workload& workload, const results& found) {
    const auto largest = largest_size(workload, found);
    if (!largest) {
        return {"No model did this."};
    }
    const std::uint64_t size = common_size(workload, found).value_or(*largest);
    const auto models = reached(workload, found, size);
    if (models.size() < 2) {
        return {"Done by one model, " + list_of(models) + ": there is nothing to compare."};
    }
    auto all = answers(workload, found, size);
    if (all.empty()) {
        return {"No two models measured the same thing: there is nothing to compare."};
    }
    add_beyond(all, workload, found, size);
    std::transform(all.begin(), all.end(), all.begin(), capitalised);
    return all;
}

} // namespace eddy::cli
