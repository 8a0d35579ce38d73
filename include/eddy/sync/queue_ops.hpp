// queue_ops.hpp — the awaits of a queue: get, put, join.
//
// Who finds what it needs goes on at once, without a frame. Who has to wait runs a small coroutine
// that waits and tries again, as asyncio's methods do.
//
// Cancel:     safe: an await that throws cancelled_error has taken nothing and put nothing.

#pragma once

#include <eddy/core/coro.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/core/scheduler.hpp>
#include <eddy/sync/queue_core.hpp>
#include <eddy/sync/queue_error.hpp>
#include <eddy/sync/stored_item.hpp>

#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

namespace eddy::inline v0 {

/// The end of a queue where items are got.
template <typename Core>
struct item_end {
    using waiter = typename Core::getter;
    static constexpr const char* waited_for = "an item of a queue";
    static bool wait(Core& of, waiter& mine) noexcept { return of.wait_for_item(mine); }
    static bool remove(Core& of, waiter& mine) noexcept { return of.remove_getter(mine); }
    static void pass_on(Core& of) noexcept { of.pass_on_item(); }
};
/// The end where they are put.
template <typename Core>
struct room_end {
    using waiter = typename Core::waiter;
    static constexpr const char* waited_for = "room in a queue";
    static bool wait(Core& of, waiter& mine) noexcept { return of.wait_for_room(mine); }
    static bool remove(Core& of, waiter& mine) noexcept { return of.remove_putter(mine); }
    static void pass_on(Core& of) noexcept { of.pass_on_room(); }
};
/// Where it is waited for that everything is done.
template <typename Core>
struct done_end {
    using waiter = typename Core::waiter;
    static constexpr const char* waited_for = "the items of a queue to be done";
    static bool wait(Core& of, waiter& mine) noexcept { return of.wait_until_done(mine); }
    static bool remove(Core& of, waiter& mine) noexcept { return of.remove_joiner(mine); }
    static void pass_on(Core& /*all were woken*/) noexcept {}
};

/// An attempt of somebody who may have been woken for it: if it throws, the next one is woken.
template <typename End, typename Core, typename Try>
attempt try_or_pass_on(Core& of, Try how) {
    try {
        return how();
    } catch (...) {
        End::pass_on(of);
        throw;
    }
}

/// Waits once at one of them; delivers nothing. What a cancelled one was woken for it passes on.
template <typename Core, typename End>
class queue_turn : public op, private End::waiter {
public:
    explicit queue_turn(Core& of) noexcept : of_(&of) {}
    queue_turn(queue_turn&& fresh) noexcept : op(), End::waiter(), of_(fresh.of_) {}

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise) {
        return park(promise, [this] {
            if (!End::wait(*of_, *this)) {
                op::wake();
            }
        });
    }
    void await_resume() {
        if (aborted()) {
            check_aborted();
        } else if (op::waiter().take_cancel()) { // asked once: what is thrown is passed on
            End::pass_on(*of_);
            op::waiter().throw_cancelled();
        }
    }
    abort_result abort() noexcept override {
        return End::remove(*of_, *this) ? abort_result::aborted : abort_result::completed;
    }
    void show(await_look& look) const noexcept override { show_wait(look, End::waited_for); }

protected:
    [[nodiscard]] Core& of() const noexcept { return *of_; }

private:
    void wake_alone() noexcept override { op::wake(); }

    Core* of_;
};

/// What get and put have in common: an attempt, and if there is nothing to be had a coroutine that
/// goes on trying. It holds what the attempt throws until the await gives its result.
class attempt_op {
protected:
    attempt_op() noexcept = default;
    attempt_op(attempt_op&& /*fresh*/) noexcept {}
    ~attempt_op() = default;

    template <typename Try>
    [[nodiscard]] bool try_at_once(Try how) noexcept {
        if (!scheduler::may_go_on()) {
            return false;
        }
        try {
            made_ = how();
        } catch (...) {
            error_ = std::current_exception();
            return true;
        }
        return made_ != attempt::waits;
    }
    /// `body()` makes the coroutine.
    template <typename Body>
    std::coroutine_handle<> wait_in(promise_base& promise, Body body) noexcept {
        try {
            waiting_.emplace(body());
        } catch (...) { // no memory for its frame
            error_ = std::current_exception();
            return promise.handle();
        }
        return waiting_->await_suspend(promise);
    }
    void check_made() {
        if (error_ != nullptr) [[unlikely]] {
            std::rethrow_exception(error_);
        }
        if (waiting_) {
            made_ = waiting_->await_resume();
        }
        if (made_ == attempt::closed) [[unlikely]] {
            throw queue_shut_down();
        }
    }

private:
    attempt made_ = attempt::waits;
    std::exception_ptr error_;
    std::optional<coro_op<attempt>> waiting_;
};

template <typename Core>
class queue_get_op : private attempt_op {
    using item = typename Core::item;

public:
    class select_case;

    explicit queue_get_op(Core& of) noexcept : of_(&of) {}
    queue_get_op(queue_get_op&& fresh) noexcept : attempt_op(), of_(fresh.of_) {}

    [[nodiscard]] bool await_ready() noexcept {
        return try_at_once([this] { return of_->try_get(item_); });
    }
    std::coroutine_handle<> await_suspend(promise_base& promise) noexcept {
        return wait_in(promise, [this] { return wait_and_get(*of_, item_); });
    }
    typename Core::value_type await_resume() {
        check_made();
        return of_->take_out(item_);
    }

private:
    static coro<attempt> wait_and_get(Core& of, std::optional<item>& into) {
        attempt made = attempt::waits;
        while (made == attempt::waits) {
            co_await queue_turn<Core, item_end<Core>>(of);
            made = try_or_pass_on<item_end<Core>>(of, [&] { return of.try_get(into); });
        }
        co_return made;
    }

    Core* of_;
    std::optional<item> item_;
};

template <typename Core>
class queue_get_op<Core>::select_case final : private Core::getter {
public:
    explicit select_case(const queue_get_op& of) noexcept : of_(of.of_) {}
    select_case(select_case&& fresh) noexcept : Core::getter(), of_(fresh.of_) {}

    [[nodiscard]] select_arm arm(select_claim& by, std::uint32_t which) noexcept {
        this->bind(by, which);
        return armed_by(of_->get_or_wait(*this));
    }
    void disarm() noexcept { (void)of_->remove_getter(*this); }
    typename Core::value_type take() {
        if (this->error != nullptr) {
            of_->pass_on_item();
            std::rethrow_exception(this->error);
        }
        if (!this->item) {
            throw queue_shut_down();
        }
        return of_->take_out(this->item);
    }
    [[nodiscard]] bool give_back() noexcept {
        if (this->error != nullptr) {
            of_->pass_on_item();
            return true;
        }
        return !this->item || of_->put_back(this->item);
    }

private:
    void wake_alone() noexcept override {} // it is bound

    Core* of_;
};

template <typename Core>
class queue_put_op : private attempt_op {
    using item = typename Core::item;

public:
    queue_put_op(Core& of, item what) noexcept : of_(&of), item_(std::move(what)) {}
    queue_put_op(queue_put_op&& fresh) noexcept
        : attempt_op(), of_(fresh.of_), item_(std::move(fresh.item_)) {}

    [[nodiscard]] bool await_ready() noexcept {
        return try_at_once([this] { return of_->try_put(item_); });
    }
    std::coroutine_handle<> await_suspend(promise_base& promise) noexcept {
        return wait_in(promise, [this] { return wait_and_put(*of_, item_); });
    }
    void await_resume() { check_made(); }

private:
    static coro<attempt> wait_and_put(Core& of, item& from) {
        attempt made = attempt::waits;
        while (made == attempt::waits) {
            co_await queue_turn<Core, room_end<Core>>(of);
            made = try_or_pass_on<room_end<Core>>(of, [&] { return of.try_put(from); });
        }
        co_return made;
    }

    Core* of_;
    item item_;
};

template <typename Core>
class queue_join_op final : public queue_turn<Core, done_end<Core>> {
    using turn = queue_turn<Core, done_end<Core>>;

public:
    using turn::turn;

    [[nodiscard]] bool await_ready() const noexcept {
        return this->of().all_done() && scheduler::may_go_on();
    }
    bool await_suspend(promise_base& promise) {
        suspended_ = true;
        return turn::await_suspend(promise);
    }
    void await_resume() {
        if (suspended_) {
            turn::await_resume();
        }
    }

private:
    bool suspended_ = false;
};

} // namespace eddy::inline v0
