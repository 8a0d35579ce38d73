// latch.cpp — counting down.

#include <eddy/core/errors.hpp>
#include <eddy/sync/latch.hpp>

namespace eddy::inline v0 {

void latch::count_down(std::uint32_t by) {
    const auto subtract = [by](std::uint32_t seen) {
        return by <= seen ? std::optional(seen - by) : std::nullopt;
    };
    if (!count_.change(subtract)) {
        throw invalid_state_error("latch counted down too many times");
    }
}

} // namespace eddy::inline v0
