// common.cpp — matmul: the product of small blocks, and matrices whose product is known.

#include "common.hpp"

namespace eddy::compare::matmul {

void product::multiply_leaf() const noexcept {
    for (std::size_t i = 0; i != rows; ++i) {
        for (std::size_t k = 0; k != rows; ++k) {
            const number factor = a[i * stride + k];
            for (std::size_t j = 0; j != rows; ++j) {
                c[i * stride + j] += factor * b[k * stride + j];
            }
        }
    }
}

// Row i of A holds i, column j of B holds j: so C(i, j) is rows * i * j.
matrices::matrices(const request& asked)
    : rows_(asked.size), a_(rows_ * rows_), b_(rows_ * rows_), c_(rows_ * rows_) {
    for (std::size_t i = 0; i != rows_; ++i) {
        for (std::size_t j = 0; j != rows_; ++j) {
            a_[i * rows_ + j] = static_cast<number>(i);
            b_[i * rows_ + j] = static_cast<number>(j);
        }
    }
}

product matrices::all() noexcept {
    return {.a = a_.data(), .b = b_.data(), .c = c_.data(), .rows = rows_, .stride = rows_};
}

std::uint64_t matrices::right_entries() const noexcept {
    std::uint64_t right = 0;
    for (std::size_t i = 0; i != rows_; ++i) {
        for (std::size_t j = 0; j != rows_; ++j) {
            right += c_[i * rows_ + j] == static_cast<number>(rows_ * i * j) ? 1U : 0U;
        }
    }
    return right;
}

} // namespace eddy::compare::matmul
