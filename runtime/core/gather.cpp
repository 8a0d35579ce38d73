// gather.cpp — the failure of a gather, and of an empty coroutine object.

#include <eddy/core/gather.hpp>

#include <stdexcept>

namespace eddy::inline v0 {

void gather_base::throw_failure() const {
    if (failed() != no_failure) {
        std::rethrow_exception(failure_of(failed()));
    }
    throw_cancelled();
}

void throw_empty_coro() {
    throw std::invalid_argument(
        "a coroutine was expected, got an empty coro (moved from, or awaited before)");
}

void promise_base::note_failure() noexcept {
    if (!branch_->is_root()) {
        branch_->group().note_failure(branch_->index());
    }
}

} // namespace eddy::inline v0
