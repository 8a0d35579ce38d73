// random.hpp — a small fast generator for choices such as "which victim", never for secrets.
//
// Threads:    a random_source belongs to one thread; process_seed: any thread.

#pragma once

#include <eddy/base/assert.hpp>
#include <eddy/base/export.hpp>

#include <cstdint>
#include <limits>

namespace eddy::inline v0 {

/// A sequence of 64-bit numbers that its seed determines (SplitMix64). It is a standard
/// uniform_random_bit_generator, so std::shuffle and the distributions take it.
class random_source {
public:
    using result_type = std::uint64_t;

    /// Sources with the same seed and different streams give unrelated sequences.
    explicit constexpr random_source(std::uint64_t seed, std::uint64_t stream = 0) noexcept
        : state_(mixed(seed + mixed(stream))) {}

    constexpr std::uint64_t next() noexcept { return mixed(state_ += golden_gamma); }

    /// Gives a number in [0, limit); `limit` is not 0. Multiplying instead of dividing is biased by
    /// at most limit / 2^64.
    constexpr std::uint64_t below(std::uint64_t limit) noexcept {
        EDDY_ASSERT(limit > 0);
        __extension__ using wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<wide>(next()) * limit) >> 64);
    }

    constexpr std::uint64_t operator()() noexcept { return next(); }
    static constexpr std::uint64_t min() noexcept { return 0; }
    static constexpr std::uint64_t max() noexcept {
        return std::numeric_limits<std::uint64_t>::max();
    }

private:
    // 2^64 divided by the golden ratio: odd, so that state_ visits every value before it repeats.
    static constexpr std::uint64_t golden_gamma = 0x9e3779b97f4a7c15;

    static constexpr std::uint64_t mixed(std::uint64_t bits) noexcept {
        bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
        bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
        return bits ^ (bits >> 31);
    }

    std::uint64_t state_;
};

/// Gives the number all choices of this process come from: EDDY_SEED if it is set, else a random
/// one. Every call gives the same.
///
/// Throws: std::system_error (EINVAL, naming variable and value) if EDDY_SEED is not a number.
[[nodiscard]] EDDY_API std::uint64_t process_seed();

/// Reads a seed: decimal, or hexadecimal after 0x.
///
/// Throws: as process_seed.
[[nodiscard]] EDDY_API std::uint64_t parse_seed(const char* text);

} // namespace eddy::inline v0
