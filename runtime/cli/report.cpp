// report.cpp — the tables and findings for the terminal.

#include "report.hpp"

#include "findings.hpp"
#include "text.hpp"

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

namespace eddy::cli {

namespace {

constexpr std::size_t model_columns = 28; // the longest title, indented by 4
constexpr std::size_t value_columns = 13;
constexpr std::size_t text_columns = 96;

// The reasons why cells are missing; each has a letter in the tables of its workload.
class footnotes {
public:
    [[nodiscard]] std::string mark(const std::string& why) {
        auto found = std::find(reasons_.begin(), reasons_.end(), why);
        if (found == reasons_.end()) {
            found = reasons_.insert(found, why);
        }
        const auto index = static_cast<std::size_t>(found - reasons_.begin());
        constexpr std::size_t letters = 26;
        std::string text(1, static_cast<char>('a' + index % letters));
        return index < letters ? text : text + std::to_string(index / letters);
    }

    void print(std::ostream& out) {
        for (const std::string& why : reasons_) {
            out << "  " << mark(why) << "  " << wrapped(why, text_columns - 5, 5) << '\n';
        }
    }

private:
    std::vector<std::string> reasons_;
};

std::string value_text(const cell_result* cell, const compare::column& column, footnotes& notes) {
    if (cell == nullptr) {
        return "";
    }
    if (cell->given_up()) {
        return notes.mark(cell->why());
    }
    const auto value = cell->median(column.metric);
    return value ? quantity(*value, column.values) : "–";
}

std::string header_text(const compare::workload& workload, std::uint64_t size,
                        const compare::column& column) {
    std::string text = workload.size_title(size);
    if (!text.empty() && !column.title.empty()) {
        text += ": ";
    }
    return text.append(column.title);
}

std::vector<std::uint64_t> sizes_shown(const compare::workload& workload,
                                       const compare::table& table, const results& found) {
    auto sizes = found.sizes_of(workload);
    std::erase_if(sizes, [&](std::uint64_t size) { return size < table.size_min; });
    return sizes;
}

// `text_of(model, size, column)` gives what is in a cell of the table.
template <typename TextOf>
void print_table(std::ostream& out, const compare::workload& workload, const compare::table& table,
                 const results& found, TextOf text_of) {
    const auto sizes = sizes_shown(workload, table, found);
    if (sizes.empty()) {
        return;
    }
    out << "  " << table.title << '\n' << right_aligned(workload.size_name, model_columns);
    std::vector<std::size_t> widths;
    for (const std::uint64_t size : sizes) {
        for (const compare::column& column : table.columns) {
            const std::string title = header_text(workload, size, column);
            widths.push_back(std::max(value_columns, width_of(title) + 2));
            out << right_aligned(title, widths.back());
        }
    }
    out << '\n';
    for (const compare::model model : found.models_of(workload)) {
        out << "    " << left_aligned(compare::title_of(model), model_columns - 4);
        auto width = widths.begin();
        for (const std::uint64_t size : sizes) {
            for (const compare::column& column : table.columns) {
                out << right_aligned(text_of(model, size, column), *width++);
            }
        }
        out << '\n';
    }
}

std::string change_text(const change* value) {
    if (value == nullptr) {
        return "";
    }
    const auto times = value->ratio();
    std::string text = times ? ratio(*times) : "–";
    switch (value->verdict) {
    case verdict::slower:
    case verdict::lost:
        return text + " ▲";
    case verdict::faster:
        return text + " ▼";
    case verdict::drifted:
        return text + " ~";
    case verdict::unclear:
        return text + " ?";
    case verdict::same:
        break;
    }
    return text + "  ";
}

} // namespace

void print_report(std::ostream& out, const results& found) {
    for (const compare::workload& workload : compare::workloads()) {
        if (found.sizes_of(workload).empty()) {
            continue;
        }
        out << '\n' << workload.title << " — " << workload.doing << '\n';
        footnotes notes;
        for (const compare::table& table : workload.tables) {
            print_table(out, workload, table, found,
                        [&](compare::model model, std::uint64_t size, const auto& column) {
                            return value_text(found.find(workload, model, size), column, notes);
                        });
        }
        notes.print(out);
        for (const std::string& each : findings_of(workload, found)) {
            out << "  => " << wrapped(each, text_columns - 5, 5) << '\n';
        }
    }
}

void print_changes(std::ostream& out, const results& now, const changes& found) {
    out << "\nCompared with " << found.file << " of " << found.date
        << ": n × is n times as much as then\n"
        << "  (▲ worse, ▼ better, beyond noise; ~ with the machine; ? too few "
           "undisturbed rounds)\n";
    for (const compare::workload& workload : compare::workloads()) {
        for (const compare::question& question : workload.questions) {
            const std::string title =
                std::string(workload.title) + ": " + compare::title_of(workload, question.metric);
            const compare::table table{.title = title,
                                       .columns = {{question.metric, "", question.values}},
                                       .size_min = question.size_min};
            print_table(out, workload, table, now,
                        [&](compare::model model, std::uint64_t size, const auto& column) {
                            return change_text(found.find(workload, model, size, column.metric));
                        });
        }
    }
    for (const std::string& warning : found.warnings) {
        out << "  !  " << wrapped(warning, text_columns - 5, 5) << '\n';
    }
    out << "  => " << wrapped(found.summary(), text_columns - 5, 5) << '\n';
}

} // namespace eddy::cli
