// rank_test.hpp — whether two series of samples differ by more than chance: the rank-sum test of
// Mann and Whitney, exact. It asks nothing of how the samples are distributed.

#pragma once

#include <cstddef>
#include <vector>

namespace eddy::cli {

/// How likely it is that two series of one kind, of that many samples, differ in their ranks as
/// much as these do, or more, in either direction. 1 if one is empty. Equal samples share a rank.
[[nodiscard]] double chance_of_ranks(const std::vector<double>& one,
                                     const std::vector<double>& other);

/// The same of two series where each sample of the one is above all of the other: no two series of
/// these lengths can be less likely.
[[nodiscard]] double least_chance(std::size_t one, std::size_t other);

} // namespace eddy::cli
