// zero_gate.hpp — a number, and those who wait until it is 0: behind event and latch.
//
// Threads:    all: any thread.
// Progress:   one CAS while nobody waits; else a section of wait_word.
// Memory:     allocates nothing. Whoever has seen 0 may destroy the gate, also while the change
//             that made it 0 is returning.
// Invariants: I1  while the number is 0 nobody waits.
// Design:     docs/design/sync.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/core/scheduler.hpp>
#include <eddy/core/select_claim.hpp>
#include <eddy/sync/wait_word.hpp>

#include <cstdint>
#include <optional>

namespace eddy::inline v0 {

/// `Waiter` derives from wait_link<Sync> and has wake().
template <typename Waiter, typename Sync = native_sync>
class zero_gate {
public:
    explicit zero_gate(std::uint32_t value) noexcept : word_(value) {}

    [[nodiscard]] std::uint32_t value() const noexcept { return word_.value(); }

    /// Sets the number to what `next(number)` gives; at 0 wakes all who wait. False: it gave
    /// nullopt, and nothing has changed.
    template <typename Next>
    bool change(Next next) noexcept {
        using outcome = typename word::change;
        if (const outcome seen = word_.try_change(next); seen != outcome::busy) {
            return seen == outcome::done;
            // GONE: at 0, the gate.
        }
        intrusive_list<Waiter> woken;
        {
            section inside(word_);
            const std::optional<std::uint32_t> value = next(inside.value());
            if (!value) {
                return false;
            }
            inside.set(*value);
            if (*value == 0) {
                inside.waiters().take_all(woken);
            }
        }
        // GONE: at 0, the gate; not who is in `woken`.
        wake_all(woken);
        return true;
    }

    /// True: it is 0. False: `waiter` is woken when it is.
    [[nodiscard]] bool wait(Waiter& waiter) noexcept {
        section inside(word_);
        if (inside.value() == 0) {
            return true;
        }
        inside.waiters().push(waiter);
        return false;
    }

    /// True: `waiter` waited, and is not woken any more.
    [[nodiscard]] bool withdraw(Waiter& waiter) noexcept {
        return section(word_).waiters().remove(waiter);
    }

private:
    using word = wait_word<Waiter, Sync>;
    using section = typename word::section;

    word word_;
};

/// Who waits in a gate: an op, or a case of a select.
class zero_waiter : public wait_link<> {
public:
    virtual void wake() noexcept = 0;

protected:
    zero_waiter() noexcept = default;
    ~zero_waiter() = default;
};

/// An op that waits until a gate is at 0.
class EDDY_API zero_wait final : public op, private zero_waiter {
public:
    using gate = zero_gate<zero_waiter>;
    class select_case;

    explicit zero_wait(gate& of) noexcept : of_(&of) {}
    zero_wait(zero_wait&& fresh) noexcept : op(), zero_waiter(), of_(fresh.of_) {}

    [[nodiscard]] bool await_ready() const noexcept {
        return of_->value() == 0 && scheduler::may_go_on();
    }
    bool await_suspend(promise_base& promise);
    void await_resume() {
        if (suspended_) {
            check_cancelled();
        }
    }

    abort_result abort() noexcept override;
    void show(await_look& look) const noexcept override;

private:
    void wake() noexcept override { op::wake(); }

    gate* of_;
    bool suspended_ = false;
};

/// The same as one of the things that a select waits for.
class EDDY_API zero_wait::select_case final : private zero_waiter, private detached_case {
public:
    explicit select_case(const zero_wait& of) noexcept : of_(of.of_) {}
    select_case(select_case&& fresh) noexcept : zero_waiter(), detached_case(), of_(fresh.of_) {}

    [[nodiscard]] select_arm arm(select_claim& by, std::uint32_t which) noexcept;
    void disarm() noexcept;
    static void take() noexcept {}
    [[nodiscard]] static bool give_back() noexcept { return true; }

private:
    void wake() noexcept override { call(); }

    gate* of_;
};

} // namespace eddy::inline v0
