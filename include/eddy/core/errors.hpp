// errors.hpp — what eddy throws, with asyncio's names.

#pragma once

#include <eddy/base/export.hpp>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace eddy::inline v0 {

/// A task was cancelled. Not a std::runtime_error, so that `catch (const std::runtime_error&)` lets
/// it pass.
class EDDY_API cancelled_error final : public std::exception {
public:
    cancelled_error() noexcept = default;
    explicit cancelled_error(std::shared_ptr<const std::string> reason) noexcept
        : reason_(std::move(reason)) {}
    ~cancelled_error() override;

    [[nodiscard]] const char* what() const noexcept override;
    /// What task::cancel was given; empty if nothing.
    [[nodiscard]] std::string reason() const { return reason_ ? *reason_ : std::string(); }

private:
    std::shared_ptr<const std::string> reason_;
};

/// Whether `error` is a cancelled_error; false if it is null. Throws nothing to find out.
[[nodiscard]] EDDY_API bool is_cancellation(const std::exception_ptr& error) noexcept;

/// Ends a generator that is closed while it stands at a co_yield: thrown there, so that what comes
/// after it can clean up, and dropped when it comes out. No std::exception: to catch it by accident
/// and to yield again is an error of aclose().
class EDDY_API generator_exit final {
public:
    generator_exit() noexcept = default;
};

/// Whether `error` is a generator_exit; false if it is null.
[[nodiscard]] EDDY_API bool is_generator_exit(const std::exception_ptr& error) noexcept;

/// A wait_for or timeout has expired.
class EDDY_API timeout_error : public std::runtime_error {
public:
    timeout_error() : std::runtime_error("timed out") {}
    ~timeout_error() override;
};

/// A result was asked for before it is there, or set twice; a handle refers to nothing; a call that
/// does not fit the state of its object.
class EDDY_API invalid_state_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
    ~invalid_state_error() override;
};

/// For an await of a handle that refers to nothing, or a call on it.
[[noreturn]] EDDY_API void throw_empty_handle();

/// A promise died before it was set.
class EDDY_API broken_promise_error : public std::runtime_error {
public:
    broken_promise_error()
        : std::runtime_error("the promise was destroyed before its result was set") {}
    ~broken_promise_error() override;
};

/// A barrier was broken, or reset while a task waited at it.
class EDDY_API broken_barrier_error : public std::runtime_error {
public:
    broken_barrier_error() : std::runtime_error("the barrier is broken") {}
    ~broken_barrier_error() override;
};

/// The call needs a running event loop, and the thread has none.
class EDDY_API no_running_loop : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~no_running_loop() override;
};

/// run() was called on a thread that runs an event loop, or on a runtime that runs already.
class EDDY_API already_running : public std::logic_error {
public:
    using std::logic_error::logic_error;
    ~already_running() override;
};

/// Tasks wait for each other, or for what cannot come any more, and nothing is left that could wake
/// them. The text names every task and where it waits.
class EDDY_API deadlock_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~deadlock_error() override;
};

/// A context_var was read that has neither a value nor a default.
class EDDY_API lookup_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
    ~lookup_error() override;
};

/// The runtime has been closed.
class EDDY_API runtime_closed : public std::logic_error {
public:
    using std::logic_error::logic_error;
    ~runtime_closed() override;
};

} // namespace eddy::inline v0
