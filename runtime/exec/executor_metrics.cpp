// executor_metrics.cpp — buckets that grow with what is in them.

#include <eddy/exec/executor_metrics.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace eddy::inline v0 {
namespace {

// Below 8 ns a bucket each; above, four for each power of two.
constexpr std::uint64_t exact = 8;
constexpr unsigned first_power = 3;

} // namespace

std::size_t duration_histogram::bucket_of(std::chrono::nanoseconds lasted) noexcept {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(lasted.count(), 0));
    if (ns < exact) {
        return static_cast<std::size_t>(ns);
    }
    const auto power = static_cast<unsigned>(std::bit_width(ns)) - 1;
    const std::uint64_t quarter = (ns >> (power - 2)) & 3U;
    const std::uint64_t bucket = exact + std::uint64_t{power - first_power} * 4 + quarter;
    return std::min(static_cast<std::size_t>(bucket), bucket_count - 1);
}

std::chrono::nanoseconds duration_histogram::upper_end(std::size_t bucket) noexcept {
    if (bucket < exact) {
        return std::chrono::nanoseconds(bucket);
    }
    const std::size_t above = bucket - exact;
    const std::uint64_t next = 4 + above % 4 + 1; // quarters of the power of two
    const auto end = (next << (above / 4 + first_power - 2)) - 1;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(end));
}

std::uint64_t duration_histogram::count() const noexcept {
    return std::accumulate(buckets_.begin(), buckets_.end(), std::uint64_t{0});
}

std::chrono::nanoseconds duration_histogram::percentile(double part) const noexcept {
    const std::uint64_t all = count();
    if (all == 0) {
        return {};
    }
    const double asked = std::ceil(std::clamp(part, 0.0, 1.0) * static_cast<double>(all));
    const auto wanted = std::max(static_cast<std::uint64_t>(asked), std::uint64_t{1});
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i != bucket_count; ++i) {
        seen += buckets_[i];
        if (seen >= wanted) {
            return upper_end(i);
        }
    }
    return upper_end(bucket_count - 1);
}

} // namespace eddy::inline v0
