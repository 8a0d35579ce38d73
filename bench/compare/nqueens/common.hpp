// common.hpp — n queens: counts all solutions; every queen that fits forks the rest of its board.
//
// Size:     n, at most 16.
// Measured: the time of the whole (total_ns) and CPU time (cpu_ns).

#pragma once

#include "../measured.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace eddy::compare::nqueens {

[[nodiscard]] metrics run_coroutines(const request& asked);
[[nodiscard]] metrics run_tbb(const request& asked);
[[nodiscard]] metrics run_openmp(const request& asked);
[[nodiscard]] metrics run_serial(const request& asked);

inline constexpr std::size_t size_max = 16;

struct fitting_columns {
    std::array<std::uint8_t, size_max> column{};
    std::uint32_t count = 0;
};

/// The columns of the queens in the first `rows` rows.
struct board {
    std::array<std::uint8_t, size_max> column{};
    std::uint32_t rows = 0;
    std::uint32_t size = 0;

    [[nodiscard]] bool full() const noexcept { return rows == size; }

    /// Where a queen fits in the next row.
    [[nodiscard]] fitting_columns fitting() const noexcept {
        fitting_columns found;
        for (std::uint32_t next = 0; next != size; ++next) {
            found.column[found.count] = static_cast<std::uint8_t>(next);
            found.count += fits(next) ? 1U : 0U;
        }
        return found;
    }

    [[nodiscard]] bool fits(std::uint32_t next) const noexcept {
        for (std::uint32_t row = 0; row != rows; ++row) {
            const std::uint32_t other = column[row];
            const std::uint32_t distance = rows - row;
            if (other == next || other == next - distance || other == next + distance) {
                return false;
            }
        }
        return true;
    }

    /// The board with one more queen, which fits.
    [[nodiscard]] board with(std::uint32_t next) const noexcept {
        board more = *this;
        more.column[rows] = static_cast<std::uint8_t>(next);
        ++more.rows;
        return more;
    }
};

[[nodiscard]] inline board empty_board(const request& asked) noexcept {
    return {.column = {}, .rows = 0, .size = static_cast<std::uint32_t>(asked.size)};
}

/// The number of solutions.
[[nodiscard]] inline std::uint64_t expected(std::uint64_t size) noexcept {
    constexpr std::array<std::uint64_t, size_max + 1> known{
        1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512};
    return known.at(size);
}

} // namespace eddy::compare::nqueens
