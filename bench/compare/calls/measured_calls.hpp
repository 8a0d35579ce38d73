// measured_calls.hpp — what many calls at once cost in a place: memory while they wait, and time.

#pragma once

#include "../lateness.hpp"
#include "../memory.hpp"
#include "../pipe.hpp"
#include "call.hpp"

#include <cstdint>
#include <functional>

namespace eddy::compare::calls {

/// Makes a call `count` times at once, in some place, and returns when all have returned.
using maker = std::function<probed(std::uint64_t count, const call& what)>;

/// Made before the place, so that whatever that starts is in the memory.
class measured_calls {
public:
    /// Has `count` calls wait for a release; when all that can be under way are, looks at what
    /// memory that takes, in the place or its queue, and lets them go.
    void add_waiting(std::uint64_t count, const maker& make_all);

    /// Has calls of a kind made that return by themselves.
    [[nodiscard]] probed made(kind which, std::uint64_t count, const maker& make_all) const;

    [[nodiscard]] metrics& found() noexcept { return found_; }

private:
    metrics found_;
    memory before_ = memory::now();
    pipe release_;
};

/// The contender that makes the calls in a `Place` and measures as the workload does: `Measure(all,
/// count, make_all)`.
template <typename Place, void (*Measure)(measured_calls&, std::uint64_t, const maker&)>
[[nodiscard]] metrics run_in(const request& asked) {
    measured_calls all;
    Place place(asked.cores);
    Measure(all, asked.size,
            [&](std::uint64_t count, const call& what) { return place.make_all(count, what); });
    return all.found();
}

} // namespace eddy::compare::calls
