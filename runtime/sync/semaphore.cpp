// semaphore.cpp — releasing, and what a bounded one refuses.

#include <eddy/base/assert.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/sync/semaphore.hpp>

#include <stdexcept>

namespace eddy::inline v0 {

void semaphore::release(std::uint32_t given) noexcept {
    const bool fits = permits_.give(given);
    EDDY_ASSERT(fits);
    (void)fits;
}

semaphore::acquire_op bounded_semaphore::acquire(std::uint32_t wanted) {
    if (wanted > bound_) {
        throw std::invalid_argument("a bounded_semaphore never has as many permits");
    }
    return permits_.acquire(wanted);
}

void bounded_semaphore::release(std::uint32_t given) {
    if (!permits_.permits_.give(given, bound_)) {
        throw invalid_state_error("bounded_semaphore released too many times");
    }
}

} // namespace eddy::inline v0
