// workload.hpp — the list of workloads: sizes, contenders, and what is worth showing of the result.

#pragma once

#include "contender.hpp"
#include "grouped.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eddy::compare {

inline constexpr std::array models{model::threads,      model::processes,    model::one_core,
                                   model::all_cores,    model::on_loop,      model::thread_pool,
                                   model::process_pool, model::tbb_executor, model::tbb};

/// "threads": for JSON and options.
[[nodiscard]] std::string_view name_of(model which) noexcept;

/// "coroutines on 1 core": for people.
[[nodiscard]] std::string_view title_of(model which) noexcept;

/// "a std::thread with the default stack for every task"
[[nodiscard]] std::string_view explanation_of(model which) noexcept;

/// A contender, or why there is none. Neither: the model is no part of the comparison.
struct entry {
    contender run = nullptr;
    std::string_view cannot; // empty if it can

    [[nodiscard]] bool is_part() const noexcept { return run != nullptr || !cannot.empty(); }
};

enum class unit { time, bytes, count };

[[nodiscard]] std::string_view name_of(unit which) noexcept;

struct column {
    std::string_view metric;
    std::string_view title; // empty: the size says it all
    unit values = unit::time;
};

/// Shows its columns for every size from `size_min` on.
struct table {
    std::string_view title;
    std::vector<column> columns;
    std::uint64_t size_min = 0;
};

/// What a finding says of a metric that is better the smaller it is: "<superlative>: A".
struct question {
    std::string_view metric;
    std::string_view superlative;
    unit values = unit::time;
    std::uint64_t size_min = 0; // below it the metric says nothing
};

inline std::uint64_t as_many(std::uint64_t size) {
    return size;
}
inline std::uint64_t all_alive(model /*which*/, std::uint64_t size) {
    return size;
}

struct workload {
    std::string_view name;
    std::string_view title;
    std::string_view doing; // one line: what happens, and what is measured
    std::vector<std::uint64_t> sizes;
    std::vector<std::uint64_t> quick_sizes;
    std::string_view size_name; // what the size counts: "waiters"; empty: its title says it
    std::string (*size_title)(std::uint64_t size) = grouped;
    std::uint64_t (*work)(std::uint64_t size) = as_many;                 // what the time grows with
    std::uint64_t (*alive)(model which, std::uint64_t size) = all_alive; // tasks at once, at most
    std::array<entry, models.size()> contenders;
    std::vector<std::string_view> spans{"total_ns"}; // the metrics that add up to the time it takes
    std::vector<table> tables;
    std::vector<question> questions;

    /// "1 000 waiters", "fib(12)", or nothing
    [[nodiscard]] std::string whole_size(std::uint64_t size) const;

    [[nodiscard]] const entry& operator[](model which) const noexcept {
        return contenders[static_cast<std::size_t>(which)];
    }
};

/// "until all of them wait": the title of the table or column that shows `metric`.
[[nodiscard]] std::string title_of(const workload& of, std::string_view metric);

[[nodiscard]] std::span<const workload> workloads();

/// Gives the workload with that name, or nothing.
[[nodiscard]] const workload* find_workload(std::string_view name) noexcept;
[[nodiscard]] const model* find_model(std::string_view name) noexcept;

} // namespace eddy::compare
