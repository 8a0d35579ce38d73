// findings.cpp — what the numbers of a workload say, in one sentence.
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

// The largest size that at least `models` of them reached.
std::optional<std::uint64_t> largest_size(const compare::workload& workload, const results& found,
                                          std::size_t models) {
    std::optional<std::uint64_t> largest;
    for (const std::uint64_t size : found.sizes_of(workload)) {
        if (reached(workload, found, size).size() >= models && size >= largest.value_or(0)) {
            largest = size;
        }
    }
    return largest;
}

// "a", "a and b", "a, b and c"
std::string list_of(const std::vector<std::string>& parts) {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        text += i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ";
        text += parts[i];
    }
    return text;
}

std::string list_of(const std::vector<compare::model>& models) {
    std::vector<std::string> titles;
    titles.reserve(models.size());
    for (const compare::model model : models) {
        titles.emplace_back(compare::title_of(model));
    }
    return list_of(titles);
}

// "quickest to start were a and b (2 ms; c 3.0 ×)"
std::string answer(const compare::question& question, const std::vector<score>& all) {
    const double best = all.front().value;
    std::vector<compare::model> winners;
    std::string others;
    for (const score& each : all) {
        if (each.value <= best * equal_up_to) {
            winners.push_back(each.model);
            continue;
        }
        others.append(others.empty() ? "; " : ", ").append(compare::title_of(each.model)) += ' ';
        others += best > 0 ? ratio(each.value / best) : quantity(each.value, question.values);
    }
    const bool one_product = winners.size() == 1 && winners.front() == compare::model::tbb;
    return std::string(question.superlative) + (one_product ? " was " : " were ") +
           list_of(winners) + " (" + quantity(best, question.values) + others + ")";
}

// "; only a did 1 000 000", if that is more than what was compared
std::string beyond(const compare::workload& workload, const results& found,
                   std::uint64_t compared) {
    const std::uint64_t size = largest_size(workload, found, 1).value_or(compared);
    if (size == compared) {
        return "";
    }
    return "; only " + list_of(reached(workload, found, size)) + " did " +
           workload.size_title(size);
}

} // namespace

std::string finding_of(const compare::workload& workload, const results& found) {
    const auto size = largest_size(workload, found, 2);
    if (!size) {
        const auto alone = largest_size(workload, found, 1);
        return alone ? "Only " + list_of(reached(workload, found, *alone)) +
                           " did this, so there is nothing to compare."
                     : "No model did this.";
    }
    std::vector<std::string> answers;
    for (const compare::question& question : workload.questions) {
        const auto all = scores(workload, found, question.metric, *size);
        if (all.size() >= 2 && *size >= question.size_min) {
            answers.push_back(answer(question, all));
        }
    }
    if (answers.empty()) {
        return "No two models measured the same thing, so there is nothing to compare.";
    }
    const std::string title = workload.size_title(*size);
    std::string sentence = (title.empty() ? "" : "at " + title + ", ") + list_of(answers) +
                           beyond(workload, found, *size) + ".";
    sentence.front() =
        static_cast<char>(std::toupper(static_cast<unsigned char>(sentence.front())));
    return sentence;
}

} // namespace eddy::cli
