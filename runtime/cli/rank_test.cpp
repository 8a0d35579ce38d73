// rank_test.cpp — whether two series of samples differ by more than chance.

#include "rank_test.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace eddy::cli {

namespace {

constexpr std::size_t exact_pairs_max = 10'000; // more: the normal distribution says the same

// How often a sample of `one` is above one of `other`, equal ones counted as half.
double pairs_above(const std::vector<double>& one, const std::vector<double>& other) {
    double above = 0;
    for (const double mine : one) {
        for (const double theirs : other) {
            above += mine > theirs ? 1 : mine == theirs ? 0.5 : 0;
        }
    }
    return above;
}

// Of all orders of `one` + `other` samples, the part that has at most `pairs` pairs above.
double part_of_orders(std::size_t one, std::size_t other, std::size_t pairs) {
    // orders[m][u]: of n samples and m others, those with u pairs; n grows from 0 to `one`. The
    // largest of the samples is above all m others, or the largest of the others is above all.
    std::vector<std::vector<double>> orders(other + 1, std::vector<double>(one * other + 1));
    for (auto& row : orders) {
        row[0] = 1;
    }
    for (std::size_t n = 1; n <= one; ++n) {
        for (std::size_t m = 1; m <= other; ++m) {
            auto& row = orders[m];
            const auto share = static_cast<double>(n) / static_cast<double>(n + m);
            for (std::size_t u = n * m + 1; u-- > 0;) {
                const double mine = u >= m ? row[u - m] : 0;
                row[u] = share * mine + (1 - share) * orders[m - 1][u];
            }
        }
    }
    double sum = 0;
    for (std::size_t u = 0; u <= std::min(pairs, one * other); ++u) {
        sum += orders[other][u];
    }
    return sum;
}

double normal_part(double one, double other, double pairs) {
    const double deviation = std::sqrt(one * other * (one + other + 1) / 12);
    return std::erfc((one * other / 2 - pairs) / deviation / std::numbers::sqrt2) / 2;
}

double chance_of_pairs(std::size_t one, std::size_t other, double pairs) {
    const std::size_t all = one * other;
    if (all == 0) {
        return 1;
    }
    const double fewer = std::min(pairs, static_cast<double>(all) - pairs);
    const double part =
        all > exact_pairs_max
            ? normal_part(static_cast<double>(one), static_cast<double>(other), fewer)
            : part_of_orders(one, other, static_cast<std::size_t>(std::ceil(fewer)));
    return std::min(1.0, 2 * part);
}

} // namespace

double chance_of_ranks(const std::vector<double>& one, const std::vector<double>& other) {
    return chance_of_pairs(one.size(), other.size(), pairs_above(one, other));
}

double least_chance(std::size_t one, std::size_t other) {
    return chance_of_pairs(one, other, 0);
}

} // namespace eddy::cli
