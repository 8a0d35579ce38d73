// event.cpp — setting and clearing.

#include <eddy/sync/event.hpp>

namespace eddy::inline v0 {

// Both write also what is there already: what was done before a set() is seen by whoever clears
// after it, so a task that clears, looks and waits misses nothing.

void event::set() noexcept {
    (void)missing_.change([](std::uint32_t) { return std::optional(0U); });
}

void event::clear() noexcept {
    (void)missing_.change([](std::uint32_t) { return std::optional(1U); });
}

} // namespace eddy::inline v0
