// common.hpp — matmul: C += A * B by quarters; four products at once, then the other four.
//
// Size:     the rows of the square matrices, a power of two from 32 on.
// Measured: the time of the whole (total_ns) and CPU time (cpu_ns), the filling left out.

#pragma once

#include "../measured.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace eddy::compare::matmul {

[[nodiscard]] metrics run_coroutines(const request& asked);
[[nodiscard]] metrics run_tbb(const request& asked);
[[nodiscard]] metrics run_openmp(const request& asked);
[[nodiscard]] metrics run_serial(const request& asked);

using number = std::uint32_t; // wraps around

inline constexpr std::size_t leaf_rows = 32;

/// A square part of C, and the parts of A and B whose product is added to it.
struct product {
    const number* a;
    const number* b;
    number* c;
    std::size_t rows;
    std::size_t stride; // of the whole matrices

    [[nodiscard]] bool is_leaf() const noexcept { return rows <= leaf_rows; }

    /// Quarter `index` of C with the left or right half of A and the upper or lower half of B.
    enum class half : std::size_t { first, second };
    [[nodiscard]] product quarter(std::size_t index, half of) const noexcept {
        const std::size_t half_rows = rows / 2;
        const std::size_t row = index / 2 * half_rows;
        const std::size_t column = index % 2 * half_rows;
        const std::size_t inner = static_cast<std::size_t>(of) * half_rows;
        return {.a = a + row * stride + inner,
                .b = b + inner * stride + column,
                .c = c + row * stride + column,
                .rows = half_rows,
                .stride = stride};
    }

    void multiply_leaf() const noexcept;
};

/// The three matrices of a run.
class matrices {
public:
    explicit matrices(const request& asked);

    [[nodiscard]] product all() noexcept;
    /// How many entries of C are right.
    [[nodiscard]] std::uint64_t right_entries() const noexcept;

private:
    std::size_t rows_;
    std::vector<number> a_;
    std::vector<number> b_;
    std::vector<number> c_;
};

/// Measures `multiply(product)` once.
template <typename Multiply>
[[nodiscard]] metrics measured_product(const request& asked, Multiply&& multiply) {
    matrices of(asked);
    metrics found = measured([&] { return multiply(of.all()), std::uint64_t{0}; }, 0);
    if (of.right_entries() != asked.size * asked.size) {
        throw wrong_result("the product is wrong");
    }
    return found;
}

} // namespace eddy::compare::matmul
