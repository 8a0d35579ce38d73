// item_waiter.hpp — who waits at an end of a queue: a branch, a case of a select, or a thread.
//
// Threads:    claim: under the lock of the list it was in.  wake: who took it off and has claimed,
//             after unlocking.
// Invariants: I1  nothing is given to a waiter, or taken from it, before it was claimed; a case of
//                 a select that has been decided is taken off and forgotten.
// Design:     docs/design/channel.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/select_claim.hpp>
#include <eddy/sync/wait_list.hpp>

#include <cstdint>
#include <optional>

namespace eddy::inline v0 {

/// What became of an attempt.
enum class attempt : std::uint8_t {
    done,
    waits,  // not possible now; if the waiter was to wait, it is registered
    closed, // not possible any more
    lost    // the waiter is a case of a select that has been decided
};

/// What an attempt of a case means for its select.
[[nodiscard]] constexpr select_arm armed_by(attempt made) noexcept {
    switch (made) {
    case attempt::waits:
        return select_arm::waits;
    case attempt::lost:
        return select_arm::lost;
    case attempt::done:
    case attempt::closed:
        break;
    }
    return select_arm::ready;
}

template <typename Sync = native_sync>
class end_waiter : public wait_link<Sync> {
public:
    using claim_type = basic_select_claim<Sync>;

    /// Whether it takes what there is for it; true once at most if it is a case of a select.
    [[nodiscard]] bool claim() noexcept { return claim_ == nullptr || claim_->claim(which_); }
    /// Whether it is a case of a select.
    [[nodiscard]] bool in_select() const noexcept { return claim_ != nullptr; }

    void wake() noexcept {
        if (claim_ == nullptr) {
            wake_alone();
        } else {
            claim_->fire();
        }
        // GONE: the waiter.
    }

protected:
    end_waiter() noexcept = default;
    ~end_waiter() = default;

    /// It waits as case `which` of a select.
    void bind(claim_type& claim, std::uint32_t which) noexcept {
        claim_ = &claim;
        which_ = which;
    }

private:
    virtual void wake_alone() noexcept = 0;

    claim_type* claim_ = nullptr;
    std::uint32_t which_ = 0;
};

template <typename Item, typename Sync = native_sync>
class item_receiver : public end_waiter<Sync> {
public:
    /// What came; nothing if there is nothing any more.
    std::optional<Item> item;

protected:
    ~item_receiver() = default;
};

template <typename Item, typename Sync = native_sync>
class item_sender : public end_waiter<Sync> {
public:
    /// What is to be sent; nullptr once it is.
    Item* offered = nullptr;

protected:
    ~item_sender() = default;
};

/// Says in `look` that a branch waits for `what`, a literal.
EDDY_API void show_wait(await_look& look, const char* what) noexcept;

/// Takes off the next one that is still to be had, and claims it; nullptr if there is none.
template <typename Waiter, typename Sync>
[[nodiscard]] Waiter* pop_claimed(wait_list<Waiter, Sync>& waiters) noexcept {
    while (Waiter* const next = waiters.pop()) {
        if (next->claim()) {
            return next;
        }
    }
    return nullptr;
}

} // namespace eddy::inline v0
