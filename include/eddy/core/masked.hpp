// masked.hpp — a region that no cancel reaches before it has ended: for cleanup that awaits.
//
// It is a group of one child whose parent keeps a cancel pending instead of passing it on. The
// child is a branch of its own, so limits and groups inside the region work as anywhere.
//
// Design:     docs/design/cancel.md

#pragma once

#include <eddy/core/context.hpp>
#include <eddy/core/coroutine_function.hpp>
#include <eddy/core/gather.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// The group of a masked region.
class EDDY_API masked_base : public gather_base {
public:
    abort_result abort() noexcept override { return abort_result::completed; }
    [[nodiscard]] branch* next_target() noexcept override { return nullptr; }
    void cancel_children() noexcept override { parent().put_cancel_back(*this); }

protected:
    explicit masked_base(promise_base* body) noexcept : child_(body, 0, 1, *this) {
        body->start_as_root(child_);
    }
    ~masked_base() {
        if (child_.leaf() != nullptr) {
            child_.leaf()->handle().destroy();
        }
    }
    /// Gives the coroutine away before it was started.
    [[nodiscard]] promise_base* release() noexcept {
        promise_base* const body = child_.leaf();
        child_.set_leaf(nullptr);
        return body;
    }

    branch child_;
};

template <typename T>
class masked_op final : public masked_base {
public:
    explicit masked_op(coro<T>&& body) : masked_base(checked(body)) {}
    masked_op(masked_op&& fresh) noexcept : masked_base(fresh.release()) {}

    static bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(promise_base& awaiting) {
        if (context_scope::current() != nullptr) {
            no_deadline_.emplace();
        }
        return start(awaiting, &child_, 1);
    }
    T await_resume() {
        no_deadline_.reset();
        if constexpr (std::is_void_v<T>) {
            promise_of<T>(child_).take();
            check_cancelled();
        } else {
            return promise_of<T>(child_).take();
        }
    }

private:
    static promise_base* checked(coro<T>& body) {
        if (!body.valid()) {
            throw_empty_coro();
        }
        return body.release();
    }
    std::exception_ptr failure_of(std::uint32_t /*index*/) const noexcept override {
        return promise_of<T>(child_).error();
    }

    std::optional<no_deadline_scope> no_deadline_; // nothing enforces those from outside here
};

/// Awaits `body` and keeps every cancel out of it: requests stay pending while it runs.
///
///     const auto result = co_await as_result(use(connection));
///     co_await masked([&] { return connection.say_goodbye(); }); // also if this task is cancelled
///
/// Suspends: as the body.
/// Throws:   what the body throws.
/// Cancel:   a request that came meanwhile is thrown at the end if the body gives nothing;
///           otherwise the value is given, and the next await throws. Limits that are armed outside
///           wait as well; those armed inside work.
template <typename T>
[[nodiscard]] auto masked(coro<T> body) {
    return masked_op<T>(std::move(body));
}

/// The same for what `fn()` makes; `fn` is kept meanwhile.
template <typename Fn>
    requires coroutine_function<std::decay_t<Fn>>
[[nodiscard]] auto masked(Fn&& fn) {
    return masked(call_and_keep<std::decay_t<Fn>>(std::forward<Fn>(fn)));
}

/// The same for another awaitable: a task, a future, an operation.
template <awaitable A>
    requires(!is_coro<std::remove_cvref_t<A>> && !coroutine_function<std::decay_t<A>>)
[[nodiscard]] auto masked(A&& awaited) {
    return masked(to_coro(std::forward<A>(awaited)));
}

} // namespace eddy::inline v0
