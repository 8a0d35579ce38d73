// permit_pool.hpp — some permits, and the FIFO of those who wait for some of them: behind lock,
// rw_lock and semaphore.
//
// A lock has one permit. A rw_lock has as many as there can be readers, and a writer wants all of
// them.
//
// Threads:    all: any thread.
// Progress:   one CAS while nobody waits; else a section of wait_word.
// Memory:     allocates nothing.
// Invariants: I1  whoever waits longest wants more than there is, or nobody waits: what is given
//                 back is handed over in the same step.
//             I2  nobody overtakes: while somebody waits try_take gives false.
// Design:     docs/design/sync.md

#pragma once

#include <eddy/base/assert.hpp>
#include <eddy/base/export.hpp>
#include <eddy/sync/wait_word.hpp>

#include <cstdint>
#include <limits>
#include <optional>

namespace eddy::inline v0 {

/// `Waiter` derives from wait_link<Sync> and has wanted() and wake().
template <typename Waiter, typename Sync = native_sync>
class permit_pool {
public:
    static constexpr std::uint32_t permits_max = std::numeric_limits<std::uint32_t>::max();

    explicit permit_pool(std::uint32_t permits) noexcept : word_(permits) {}

    /// How many there are at the moment; some of them may be too few for who waits.
    [[nodiscard]] std::uint32_t value() const noexcept { return word_.value(); }
    [[nodiscard]] bool queued_hint() const noexcept { return word_.queued_hint(); }

    /// False: there are fewer than `wanted`, or somebody waits.
    [[nodiscard]] bool try_take(std::uint32_t wanted) noexcept {
        return word_.try_change([=](std::uint32_t seen) {
            return seen >= wanted ? std::optional(seen - wanted) : std::nullopt;
        }) == change::done;
    }

    /// True: `waiter` has got its permits. False: it waits, and is woken when it has got them.
    [[nodiscard]] bool take_or_wait(Waiter& waiter) noexcept {
        section inside(word_);
        if (inside.waiters().empty() && inside.value() >= waiter.wanted()) {
            inside.set(inside.value() - waiter.wanted());
            return true;
        }
        inside.waiters().push(waiter);
        return false;
        // GONE: once the section has ended, unless it is the waiter itself that calls this.
    }

    /// Gives `given` back; with them who has waited longest goes on. False: there would be more
    /// than `bound`, and nothing has changed.
    bool give(std::uint32_t given, std::uint32_t bound = permits_max) noexcept {
        const auto add = [=](std::uint32_t seen) {
            return given <= bound - seen ? std::optional(seen + given) : std::nullopt;
        };
        if (const change seen = word_.try_change(add); seen != change::busy) {
            return seen == change::done;
            // GONE: whoever takes the permits may destroy the pool.
        }
        intrusive_list<Waiter> woken;
        {
            section inside(word_);
            const std::optional<std::uint32_t> permits = add(inside.value());
            if (!permits) {
                return false;
            }
            hand_over(inside, *permits, woken);
        }
        wake_all(woken);
        return true;
    }

    /// Takes `waiter` out of the queue; who waited behind it may go on. False: it has got its
    /// permits.
    [[nodiscard]] bool withdraw(Waiter& waiter) noexcept {
        intrusive_list<Waiter> woken;
        {
            section inside(word_);
            if (!inside.waiters().remove(waiter)) {
                return false;
            }
            hand_over(inside, inside.value(), woken);
        }
        wake_all(woken);
        return true;
    }

private:
    using word = wait_word<Waiter, Sync>;
    using section = typename word::section;
    using change = typename word::change;

    // There are `permits`: takes off whoever has enough now.
    static void hand_over(section& inside, std::uint32_t permits,
                          intrusive_list<Waiter>& woken) noexcept {
        while (Waiter* const first = inside.waiters().front()) {
            if (first->wanted() > permits) {
                break;
            }
            permits -= first->wanted();
            woken.push_back(*inside.waiters().pop());
        }
        inside.set(permits);
    }

    word word_;
};

/// An op that waits for permits. What was handed over to one that is cancelled is given back.
class EDDY_API permit_wait : public list_wait {
public:
    using pool = permit_pool<permit_wait>;

    [[nodiscard]] std::uint32_t wanted() const noexcept { return wanted_; }

    [[nodiscard]] bool await_ready() noexcept { return may_go_on() && pool_->try_take(wanted_); }
    bool await_suspend(promise_base& promise);
    abort_result abort() noexcept override;

protected:
    permit_wait(pool& of, std::uint32_t wanted) noexcept : pool_(&of), wanted_(wanted) {}
    permit_wait(permit_wait&&) noexcept = default;
    ~permit_wait() = default;

    /// For op::show of whoever knows what the permits are.
    static void show_as(await_look& look, const char* what,
                        const task_base* holder = nullptr) noexcept;
    /// It has got its permits, unless this throws cancelled_error.
    void check_taken() {
        if (suspended()) {
            check_suspended();
        }
    }
    [[nodiscard]] pool& permits() const noexcept { return *pool_; }

private:
    void check_suspended();

    pool* pool_;
    std::uint32_t wanted_;
};

} // namespace eddy::inline v0
