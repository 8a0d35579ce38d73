// text.hpp — numbers as people read them.

#pragma once

#include "compare/workload.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace eddy::cli {

/// Three digits and a unit: "12.3 µs", "240 B", "1.5".
[[nodiscard]] std::string quantity(double value, compare::unit unit);

/// How many times as much: "1.25 ×", "480 ×".
[[nodiscard]] std::string ratio(double times);

/// The columns that `text` takes in a terminal, all its characters being one wide.
[[nodiscard]] std::size_t width_of(std::string_view text) noexcept;

/// Filled up with spaces on the left, on the right.
[[nodiscard]] std::string right_aligned(std::string_view text, std::size_t width);
[[nodiscard]] std::string left_aligned(std::string_view text, std::size_t width);

/// Broken at spaces so that no line is wider; following lines start with `indent` spaces.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

} // namespace eddy::cli
