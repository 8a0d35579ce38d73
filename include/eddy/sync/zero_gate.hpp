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

/// An op that waits until a gate is at 0.
class EDDY_API zero_wait final : public list_wait {
public:
    using gate = zero_gate<zero_wait>;

    explicit zero_wait(gate& of) noexcept : of_(&of) {}
    zero_wait(zero_wait&&) noexcept = default;

    [[nodiscard]] bool await_ready() const noexcept { return of_->value() == 0 && may_go_on(); }
    bool await_suspend(promise_base& promise);
    void await_resume() {
        if (suspended()) {
            check_cancelled();
        }
    }

    abort_result abort() noexcept override;

private:
    gate* of_;
};

} // namespace eddy::inline v0
