// lateness.hpp — a probe that is due every millisecond, and how late it is served: what the rest of
// a program sees of the work.

#pragma once

#include "meter.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace eddy::compare {

/// The schedule of the probe, and how late each of its ticks was served.
///
/// Threads: `serve`: one at a time; the rest: any. A probe that falls behind serves every tick it
///          missed.
class lateness {
public:
    [[nodiscard]] clock::time_point due(std::uint64_t tick) const noexcept {
        return start_ + period * static_cast<std::int64_t>(tick + 1);
    }

    [[nodiscard]] clock::time_point next_due() const noexcept { return due(spans_.size()); }

    /// The tick that was due at `due` is served now.
    void serve(clock::time_point due) { spans_.push_back(nanoseconds(clock::now() - due)); }

    /// Serves what has been due and nobody has served: as late as it is.
    void serve_missed();

    /// How late in the middle (`part` 0.5), or at worst (1). 0 if there was no tick.
    [[nodiscard]] double quantile_ns(double part) const;

private:
    static constexpr std::chrono::nanoseconds period = std::chrono::milliseconds(1);

    clock::time_point start_ = clock::now();
    std::vector<double> spans_;
};

/// A stretch of work, and how late the probe was served meanwhile.
struct probed {
    std::chrono::nanoseconds wall{};
    std::chrono::nanoseconds cpu{};
    lateness late{};

    /// As total_ns, cpu_ns, late_p50_ns, late_p99_ns and late_max_ns.
    void add_to(metrics& found) const;
};

} // namespace eddy::compare
