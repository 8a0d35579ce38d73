// async_fd.hpp — an open descriptor whose system calls are awaited: what sockets and pipes are made
// of, and what a library with non-blocking descriptors of its own is joined by.
//
// Threads:    one task at a time for each direction, on any worker; a second one is told so.
//             close: any thread, also while tasks wait or are in a call.
// Memory:     64 bytes in a table that is never freed; waiting allocates nothing.
// Cancel:     at once; a call that has moved something is never cancelled.
// Design:     docs/design/registration.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/fault_plan.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/scheduler.hpp>
#include <eddy/io/registration.hpp>
#include <eddy/sched/sleep.hpp>

#include <cstddef>
#include <functional>
#include <system_error>
#include <utility>

namespace eddy::inline v0 {

/// What a readiness_op is about: a base, to fill what the alignment of fd_wait leaves free.
struct readiness_of {
    registration& of;
};

/// Waits until a call in one direction may succeed; made by async_fd::ready.
class [[nodiscard]] EDDY_API readiness_op final : public op, private readiness_of, private fd_wait {
public:
    /// `name` is for errors.
    readiness_op(registration& of, interest what, const char* name) noexcept
        : readiness_of{of}, fd_wait(&ready), what_(what), name_(name) {}
    readiness_op(readiness_op&& fresh) noexcept
        : op(), readiness_of(fresh), fd_wait(&ready), what_(fresh.what_), name_(fresh.name_) {}

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise);
    void await_resume();

    abort_result abort() noexcept override;
    void show(await_look& look) const noexcept override;

private:
    static void ready(fd_wait& wait, unsigned events) noexcept;

    interest what_;
    int error_ = 0; // errno
    const char* name_;
};

class async_fd {
public:
    /// None.
    async_fd() noexcept = default;
    /// Takes over a non-blocking descriptor. Throws: std::bad_alloc; it is closed then.
    explicit async_fd(owned_fd fd) : kept_(&registration::open(std::move(fd))) {}
    async_fd(async_fd&& other) noexcept : kept_(std::exchange(other.kept_, nullptr)) {}
    async_fd& operator=(async_fd&& other) noexcept {
        if (this != &other) {
            drop();
            kept_ = std::exchange(other.kept_, nullptr);
        }
        return *this;
    }
    /// Closes it. Nobody uses it any more.
    ~async_fd() { drop(); }

    /// The descriptor; -1 if there is none, or it was closed.
    [[nodiscard]] int get() const noexcept { return kept_ == nullptr ? -1 : kept_->fd(); }

    /// Makes `call(fd)`, which gives a sys::io_result or what looks like one (bytes, error,
    /// would_block()), until it does something other than to say EAGAIN, and waits before it does
    /// so. Moving fewer bytes than `asked` means that no more are there; what has no such meaning
    /// says 0. `name` is for errors.
    ///
    /// Suspends: while a call would say EAGAIN; and to give others a turn, when the budget of the
    ///           step is used up, before the call.
    /// Throws:   std::system_error: EBADF if it is closed, now or meanwhile; EBUSY if another task
    ///           makes a call in this direction.
    template <typename Call>
    auto perform(interest what, std::size_t asked, const char* name, Call call)
        -> coro<decltype(call(0))>;

    /// The same without waiting: what would have to wait says EAGAIN. Throws: as perform.
    template <typename Call>
    auto attempt(interest what, std::size_t asked, const char* name, Call call)
        -> decltype(call(0));

    /// Waits until a call in this direction may succeed; spurious ends happen.
    /// Throws: as perform.
    [[nodiscard]] readiness_op ready(interest what, const char* name) {
        return {kept(name), what, name};
    }
    /// Whether a call may succeed, as far as is known without making it.
    [[nodiscard]] bool ready_hint(interest what) const noexcept {
        return kept_ == nullptr || kept_->ready_hint(what);
    }

    /// Closes the descriptor; tasks that wait for it get EBADF. Gives the error of the close, which
    /// for a file may be a late write error.
    std::error_code close() noexcept {
        return kept_ == nullptr ? std::error_code() : kept_->close();
    }

    /// Gives the descriptor away, as it is. Nobody may be in a call with it.
    [[nodiscard]] owned_fd release() noexcept {
        return kept_ == nullptr ? owned_fd() : kept_->give_away();
    }

private:
    /// Throws: std::system_error EBADF if there is no descriptor.
    [[nodiscard]] registration& kept(const char* name) const {
        if (kept_ == nullptr) {
            throw_refused(call_start::closed, name);
        }
        return *kept_;
    }
    void drop() noexcept {
        if (kept_ != nullptr) {
            std::exchange(kept_, nullptr)->dispose();
        }
    }
    [[noreturn]] EDDY_API static void throw_refused(call_start why, const char* name);

    registration* kept_ = nullptr;
};

template <typename Call>
auto async_fd::attempt(interest what, std::size_t asked, const char* name, Call call)
    -> decltype(call(0)) {
    registration& mine = kept(name);
    const call_start begun = mine.begin(what);
    if (begun == call_start::go) [[likely]] {
        auto result = call(mine.fd());
        if (result.would_block()) {
            mine.end(what, call_found::nothing);
        } else {
            const sys::fault_plan* const plan = sys::fault_plan::active();
            const bool all = asked == 0 || result.error || result.bytes >= asked ||
                             (plan != nullptr && plan->shortens());
            mine.end(what, all ? call_found::more : call_found::the_end);
        }
        return result;
    }
    if (begun != call_start::not_ready) {
        throw_refused(begun, name);
    }
    decltype(call(0)) later{};
    later.error = std::make_error_code(std::errc::resource_unavailable_try_again);
    return later;
}

template <typename Call>
auto async_fd::perform(interest what, std::size_t asked, const char* name, Call call)
    -> coro<decltype(call(0))> {
    if (!scheduler::may_go_on()) [[unlikely]] {
        co_await yield();
    }
    for (;;) {
        auto result = attempt(what, asked, name, std::ref(call));
        if (!result.would_block()) [[likely]] {
            co_return result;
        }
        co_await ready(what, name);
    }
}

} // namespace eddy::inline v0
