// checked_option.hpp — refuses a number that is larger than what can be had.

#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace eddy::inline v0 {

/// Gives `asked`. `name`: of the option, with its struct.
/// Throws: std::invalid_argument if it is more than `most`.
inline std::size_t checked_option(const char* name, std::size_t asked, std::size_t most) {
    if (asked > most) {
        throw std::invalid_argument(std::string(name) + " is " + std::to_string(asked) +
                                    "; at most " + std::to_string(most) + " can be had");
    }
    return asked;
}

} // namespace eddy::inline v0
