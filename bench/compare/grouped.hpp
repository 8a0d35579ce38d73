// grouped.hpp — "1 000 000": a number that is readable without counting zeros.

#pragma once

#include <cstdint>
#include <string>

namespace eddy::compare {

/// The groups are kept in one line by no-break spaces.
[[nodiscard]] inline std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t end = digits.size(); end > 3; end -= 3) {
        digits.insert(end - 3, "\u00a0");
    }
    return digits;
}

} // namespace eddy::compare
