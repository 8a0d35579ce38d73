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

void print_table(std::ostream& out, const compare::workload& workload, const compare::table& table,
                 const results& found, footnotes& notes) {
    const auto sizes = sizes_shown(workload, table, found);
    if (sizes.empty()) {
        return;
    }
    out << "  " << table.title << '\n' << std::string(model_columns, ' ');
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
            const cell_result* cell = found.find(workload, model, size);
            for (const compare::column& column : table.columns) {
                out << right_aligned(value_text(cell, column, notes), *width++);
            }
        }
        out << '\n';
    }
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
            print_table(out, workload, table, found, notes);
        }
        notes.print(out);
        out << "  => " << wrapped(finding_of(workload, found), text_columns - 5, 5) << '\n';
    }
}

} // namespace eddy::cli
