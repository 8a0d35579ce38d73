// histogram.hpp — how often each latency occurred, to within one part in 128, from a nanosecond to
// centuries.
//
// Values below 128 ns have a slot each; above, each power of two has 128.
//
// Threads:    one at a time; each client has its own, and they are added up at the end.

#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace eddy::compare {

class histogram {
public:
    void add(std::chrono::nanoseconds value) noexcept {
        const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.count()));
        ++(*slots_)[slot_of(count)];
        max_ = std::max(max_, count);
        ++total_;
    }

    void add(const histogram& other) noexcept {
        for (std::size_t i = 0; i < slots; ++i) {
            (*slots_)[i] += (*other.slots_)[i];
        }
        max_ = std::max(max_, other.max_);
        total_ += other.total_;
    }

    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
    [[nodiscard]] std::chrono::nanoseconds max() const noexcept {
        return std::chrono::nanoseconds(max_);
    }

    /// The value that `share` (0 to 1) of all are not above, rounded up to the end of its slot.
    [[nodiscard]] std::chrono::nanoseconds percentile(double share) const noexcept {
        const double wanted = share * static_cast<double>(total_);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < slots; ++i) {
            seen += (*slots_)[i];
            if (seen > 0 && static_cast<double>(seen) >= wanted) {
                return std::chrono::nanoseconds(std::min(max_, last_of(i)));
            }
        }
        return max();
    }

private:
    static constexpr unsigned fine_bits = 7;
    static constexpr std::size_t fine = std::size_t{1} << fine_bits;
    static constexpr std::size_t slots = (64 - fine_bits + 1) * fine;

    static std::size_t slot_of(std::uint64_t value) noexcept {
        if (value < fine) {
            return static_cast<std::size_t>(value);
        }
        const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - fine_bits - 1;
        return (shift + 1) * fine + static_cast<std::size_t>((value >> shift) - fine);
    }
    static std::uint64_t last_of(std::size_t slot) noexcept {
        if (slot < fine) {
            return slot;
        }
        const std::size_t shift = slot / fine - 1;
        return ((fine + slot % fine + 1) << shift) - 1;
    }

    std::unique_ptr<std::array<std::uint64_t, slots>> slots_ =
        std::make_unique<std::array<std::uint64_t, slots>>();
    std::uint64_t total_ = 0;
    std::uint64_t max_ = 0;
};

} // namespace eddy::compare
