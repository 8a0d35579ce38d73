// text.cpp — numbers as people read them.

#include "text.hpp"

#include "compare/grouped.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace eddy::cli {

namespace {

// Keeps a number and its unit in one line when text is wrapped.
constexpr std::string_view no_break_space = "\u00a0";

struct scale {
    double factor;
    std::string_view name;
};

constexpr std::array<scale, 4> time_scales{{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}}};
constexpr std::array<scale, 4> bytes_scales{
    {{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}}};

std::string three_digits(double value) {
    const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    std::array<char, 64> digits{};
    const int length = std::snprintf(digits.data(), digits.size(), "%.*f", decimals, value);
    std::string text(digits.data(), static_cast<std::size_t>(length));
    if (decimals > 0 && text.find_first_not_of("0.") == std::string::npos) {
        return "0";
    }
    return decimals == 0 ? compare::grouped(static_cast<std::uint64_t>(std::llround(value))) : text;
}

template <std::size_t Count>
std::string scaled(double value, const std::array<scale, Count>& scales) {
    const auto fits = std::find_if(scales.begin(), scales.end(), [&](const scale& each) {
        return value >= each.factor * 0.9995;
    });
    const scale& used = fits == scales.end() ? scales.back() : *fits;
    return three_digits(value / used.factor).append(no_break_space).append(used.name);
}

} // namespace

std::string quantity(double value, compare::unit unit) {
    switch (unit) {
    case compare::unit::time:
        return scaled(value, time_scales);
    case compare::unit::bytes:
        return scaled(value, bytes_scales);
    case compare::unit::count:
        break;
    }
    return three_digits(value);
}

std::string ratio(double times) {
    return three_digits(times).append(no_break_space).append("×");
}

std::size_t width_of(std::string_view text) noexcept {
    const auto starts_character = [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    };
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string right_aligned(std::string_view text, std::size_t width) {
    const std::size_t used = width_of(text);
    return std::string(width > used ? width - used : 0, ' ').append(text);
}

std::string left_aligned(std::string_view text, std::size_t width) {
    const std::size_t used = width_of(text);
    return std::string(text).append(width > used ? width - used : 0, ' ');
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
    std::string lines;
    std::size_t column = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (column > indent && column + 1 + width_of(word) > width) {
            lines.append("\n").append(indent, ' ');
            column = indent;
        } else if (column > 0) {
            lines += ' ';
            ++column;
        }
        lines.append(word);
        column += width_of(word);
    }
    return lines;
}

} // namespace eddy::cli
