// receive_op.hpp — the await that gives the next item of something, or nothing once it has ended.
//
// A source is a channel or something like it. It has
//     value_type, receiver   what it gives; who waits for it, an item_receiver
//     waited_for             what people are told: "an item of a channel"
//     may_receive()          whether there is something
//     try_receive(r)         gives r an item; only of a source that has no collect
//     receive_or_wait(r)     registers r, unless there is something, which it gives to r if it has
//                            no collect
//     collect(r)             when r runs: gives it its item; without one the source has ended
//     remove_receiver(r)     true: r will not be woken
//     put_back(r)            gives the item of r to others; false: cannot
//
// Cancel:     safe: an await that throws cancelled_error has taken nothing. A request that comes
//             after the item and before the task runs on gives the item back.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/core/scheduler.hpp>
#include <eddy/sync/item_waiter.hpp>
#include <eddy/sync/stored_item.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace eddy::inline v0 {

template <typename Source>
concept collects_late = requires(Source& of, typename Source::receiver& to) { of.collect(to); };

/// Who waits for an item of `Source`, however it waits.
template <typename Source>
class receiving : public Source::receiver {
public:
    using value_type = typename Source::value_type;

    /// Moves the item out. Throws: as collect; what the move of an item throws, and the item has
    /// been put back.
    std::optional<value_type> take() {
        if constexpr (collects_late<Source>) {
            of_->collect(*this);
        }
        if constexpr (stored_apart<value_type>) {
            if (!this->item) {
                return std::nullopt;
            }
            try {
                return std::optional<value_type>(std::move(item_in<value_type>(*this->item)));
            } catch (...) {
                (void)of_->put_back(*this);
                throw;
            }
        } else {
            return std::move(this->item);
        }
    }

    /// False: it cannot be given back.
    [[nodiscard]] bool give_back() noexcept { return !this->item || of_->put_back(*this); }

    [[nodiscard]] Source& source() const noexcept { return *of_; }

protected:
    explicit receiving(Source& of) noexcept : of_(&of) {}
    ~receiving() = default;

private:
    Source* of_;
};

template <typename Source>
class receive_op final : public op, private receiving<Source> {
public:
    using value_type = typename Source::value_type;
    class select_case;

    explicit receive_op(Source& of) noexcept : receiving<Source>(of) {}
    receive_op(receive_op&& fresh) noexcept : op(), receiving<Source>(fresh.source()) {}

    [[nodiscard]] bool await_ready() noexcept {
        Source& of = this->source();
        if (!of.may_receive() || !scheduler::may_go_on()) {
            return false;
        }
        if constexpr (collects_late<Source>) {
            return true;
        } else {
            return of.try_receive(*this) != attempt::waits;
        }
    }
    bool await_suspend(promise_base& promise) {
        suspended_ = true;
        return park(promise, [this] {
            if (this->source().receive_or_wait(*this) != attempt::waits) {
                op::wake();
            }
        });
    }
    std::optional<value_type> await_resume() {
        if (suspended_) {
            check_wait();
        }
        return this->take();
    }

    abort_result abort() noexcept override {
        return this->source().remove_receiver(*this) ? abort_result::aborted
                                                     : abort_result::completed;
    }
    void show(await_look& look) const noexcept override { show_wait(look, Source::waited_for); }

private:
    void wake_alone() noexcept override { op::wake(); }

    void check_wait() {
        check_aborted();
        if (op::waiter().cancel_pending() && this->give_back()) [[unlikely]] {
            check_cancelled();
        }
    }

    bool suspended_ = false;
};

template <typename Source>
class receive_op<Source>::select_case final : private receiving<Source> {
public:
    explicit select_case(const receive_op& of) noexcept : receiving<Source>(of.source()) {}
    select_case(select_case&& fresh) noexcept : receiving<Source>(fresh.source()) {}

    [[nodiscard]] select_arm arm(select_claim& by, std::uint32_t which) noexcept {
        this->bind(by, which);
        return armed_by(this->source().receive_or_wait(*this));
    }
    void disarm() noexcept { (void)this->source().remove_receiver(*this); }
    std::optional<value_type> take() { return receiving<Source>::take(); }
    [[nodiscard]] bool give_back() noexcept { return receiving<Source>::give_back(); }

private:
    void wake_alone() noexcept override {} // it is bound
};

} // namespace eddy::inline v0
