// select_claim.hpp — which of several things ends a wait: the first one that claims it.
//
// A select waits for several things at once, with a case registered at each. Whoever has something
// to give to a case claims the select first, and gives nothing if somebody was faster. So what is
// given is given to a case that fires, and there is one of those.
//
// What can be selected names the type of its case, `select_case`: made of the awaitable, armed with
// a claim, disarmed again. It needs this header only, so a layer below the select can have one.
//
// Threads:    claim: any thread.  fire: who has claimed, once.
// Progress:   claim is one CAS.
// Invariants: I1  at most one claim succeeds.
//             I2  whoever has claimed fires; the select goes on after that, and not before.
//             I3  a case is touched by nobody once its disarm() has returned.
// Pairs:      P1  left_: call -> wait_until_left: a case that came too late is not touched any more
// Design:     docs/design/select.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/spin_wait.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace eddy::inline v0 {

template <typename Sync = native_sync>
class basic_select_claim {
public:
    /// Instead of a case: nobody has claimed; a cancel has.
    static constexpr std::uint32_t nobody = ~std::uint32_t{0};
    static constexpr std::uint32_t cancel = nobody - 1;

    basic_select_claim() noexcept = default;
    basic_select_claim(const basic_select_claim&) = delete;
    basic_select_claim& operator=(const basic_select_claim&) = delete;

    /// True: the wait ends by case `which`, and the caller must call fire() once.
    [[nodiscard]] bool claim(std::uint32_t which) noexcept {
        std::uint32_t seen = nobody;
        return winner_.compare_exchange_strong(
            seen, which, relaxed, relaxed); // count: fire() and the case's lock carry the rest
    }

    /// The case that has claimed, as far as this thread knows.
    [[nodiscard]] std::uint32_t winner() const noexcept {
        return winner_.load(relaxed); // count: final when the select goes on
    }

    /// Lets whoever waits go on. Not under a lock that disarm() takes.
    virtual void fire() noexcept = 0;
    // GONE after it: the claim, and every case.

protected:
    ~basic_select_claim() = default;

private:
    typename Sync::template atomic<std::uint32_t> winner_{nobody};
};

using select_claim = basic_select_claim<>;

enum class select_arm : std::uint8_t {
    waits, // registered
    ready, // there was something at once, and this case has claimed it
    lost   // there was something, but another case has claimed meanwhile
};

/// For the case of a source that takes it off its list and calls it later, outside of its lock.
template <typename Sync = native_sync>
class basic_detached_case {
    using claim_type = basic_select_claim<Sync>;

public:
    /// The source has something for the case.
    void call() noexcept {
        if (claim_->claim(which_)) {
            claim_->fire();
        } else {
            left_.store(true, release); // P1
        }
        // GONE: the case.
    }

protected:
    basic_detached_case() noexcept = default;
    ~basic_detached_case() = default;

    void bind(claim_type& by, std::uint32_t which) noexcept {
        claim_ = &by;
        which_ = which;
    }
    /// There is something at once, and the case is not registered.
    [[nodiscard]] select_arm arm_ready() noexcept {
        return claim_->claim(which_) ? select_arm::ready : select_arm::lost;
    }
    /// For disarm(), when the case was off the list already: somebody is about to call it, or does.
    void wait_until_left() const noexcept {
        basic_spin_wait<Sync> waiting;
        while (!left_.load(acquire)) { // P1
            waiting.pause();
        }
    }

private:
    claim_type* claim_ = nullptr;
    std::uint32_t which_ = 0;
    typename Sync::template atomic<bool> left_{false};
};

using detached_case = basic_detached_case<>;

/// One of the things that a select waits for.
template <typename Case>
concept selectable_case = requires(Case& one, select_claim& by, std::uint32_t which) {
    /// Registers as case `which` of `by`. Throws nothing.
    { one.arm(by, which) } noexcept -> std::same_as<select_arm>;
    /// Takes it back (I3).
    { one.disarm() } noexcept;
    /// After this case has claimed, disarmed: what it gives; may throw.
    one.take();
    /// Instead of take(), for a cancel: false if what was given cannot be given back.
    { one.give_back() } noexcept -> std::same_as<bool>;
};

/// What can be one of the arguments of a select by itself.
template <typename A>
concept selectable = requires { typename std::remove_cvref_t<A>::select_case; } &&
                     selectable_case<typename std::remove_cvref_t<A>::select_case> &&
                     std::constructible_from<typename std::remove_cvref_t<A>::select_case, A>;

} // namespace eddy::inline v0
