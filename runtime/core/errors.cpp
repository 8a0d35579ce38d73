// errors.cpp — the vtables of the exceptions, so that they are one type in every library that
// throws them.

#include <eddy/core/errors.hpp>

#include <typeinfo>

namespace eddy::inline v0 {

cancelled_error::~cancelled_error() = default;
timeout_error::~timeout_error() = default;
invalid_state_error::~invalid_state_error() = default;
broken_promise_error::~broken_promise_error() = default;
broken_barrier_error::~broken_barrier_error() = default;
no_running_loop::~no_running_loop() = default;
already_running::~already_running() = default;
deadlock_error::~deadlock_error() = default;
lookup_error::~lookup_error() = default;
runtime_closed::~runtime_closed() = default;

const char* cancelled_error::what() const noexcept {
    return reason_ && !reason_->empty() ? reason_->c_str() : "cancelled";
}

bool is_generator_exit(const std::exception_ptr& error) noexcept {
    return error != nullptr && *error.__cxa_exception_type() == typeid(generator_exit);
}

void throw_empty_handle() {
    throw invalid_state_error(
        "the handle refers to nothing (never assigned, moved from, or awaited as a temporary)");
}

bool is_cancellation(const std::exception_ptr& error) noexcept {
    return error != nullptr && *error.__cxa_exception_type() == typeid(cancelled_error);
}

} // namespace eddy::inline v0
