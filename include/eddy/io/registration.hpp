// registration.hpp — an open descriptor in an epoll: registered once, edge-triggered, for both
// directions, with its readiness remembered.
//
// Registrations are never freed, only used again, so who has an old event touches a registration,
// if not the one that was meant: that costs a needless wake-up at most.
//
// Threads:    begin, end, wait: one user of each direction at a time.  close: any thread, also
//             during those.  withdraw, deliver: any thread.  dispose: after everything else.
// Progress:   begin, end, withdraw, deliver: lock-free; the others may wait for a system call of
//             another thread.
// Memory:     an fd_wait belongs to its caller; it must stay until it was withdrawn or called.
// Invariants: I1  outside of moving_ a descriptor is in one epoll at most, that of home_.
//             I2  it is closed when the last of its holders leaves: who called close, and whoever
//                 was in a system call with it then.
// Pairs:      P1  holders_: each holder -> the last one, which closes the descriptor
//             P2  generation_: open -> deliver: an event of an earlier descriptor is dropped
// Design:     docs/design/registration.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/io/fd.hpp>
#include <eddy/io/reactor.hpp>
#include <eddy/io/readiness.hpp>

#include <cstdint>
#include <system_error>

namespace eddy::inline v0 {

class alignas(64) registration {
public:
    /// Takes over a non-blocking descriptor. Throws: std::bad_alloc.
    [[nodiscard]] EDDY_API static registration& open(owned_fd fd);

    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;

    /// The descriptor; -1 once it is closed.
    [[nodiscard]] int fd() const noexcept {
        return fd_.load(relaxed); // hint: to others than who begun a call, which keeps it open
    }

    // -- the user of a direction --

    /// Asks before a system call in this direction whether it is worth while.
    [[nodiscard]] call_start begin(interest what) noexcept { return direction(what).begin(); }
    /// After the call that begin allowed.
    void end(interest what, call_found found) noexcept {
        if (direction(what).end(found)) [[unlikely]] {
            leave();
        }
    }

    struct waiting {
        wait_start result;
        std::error_code error; // of epoll; result says closed then
    };
    /// Has `who` called once a call may succeed; spurious calls happen. The descriptor is
    /// registered with `here`, if it was nowhere; and moves there, if who waits for input has come
    /// from there several times in a row. ENOMEM, ENOSPC: epoll is out of room; EPERM: not a
    /// descriptor that epoll takes.
    [[nodiscard]] EDDY_API waiting wait(interest what, fd_wait& who, reactor& here) noexcept;

    // -- any thread --

    /// True: `who` waited and will not be called.
    bool withdraw(interest what, fd_wait& who) noexcept { return direction(what).withdraw(who); }

    /// Gives the descriptor up: those who wait are called with fd_wait::forgotten, and no call
    /// begins any more. It is closed before this returns unless somebody is in a system call with
    /// it, who then closes it. Gives the error of the close, if it was closed here. Nothing if it
    /// was given up before.
    EDDY_API std::error_code close() noexcept;

    /// As close, but gives the descriptor away. Nobody may be in a system call with it.
    [[nodiscard]] EDDY_API owned_fd give_away() noexcept;

    /// Closes it, and gives the registration back: nobody refers to it any more.
    EDDY_API void dispose() noexcept;

    /// Whether begin would allow a call, or say why not, rather than not_ready.
    [[nodiscard]] bool ready_hint(interest what) const noexcept {
        return (what == interest::read ? input_ : output_).ready_hint();
    }

    /// The reactor that watches the descriptor, or nullptr.
    [[nodiscard]] const reactor* home() const noexcept {
        return home_.load(relaxed); // hint: it may just move
    }

    // -- reactors --

    /// Whether an event's data are a registration's.
    [[nodiscard]] static bool is_tag(std::uint64_t data) noexcept { return (data & tag_mark) != 0; }
    /// An event has come: moves who waits to the end of `ready`.
    static void deliver(std::uint64_t data, unsigned events, fd_wait_list& ready) noexcept;
    /// Whether somebody waits in a descriptor that `here` watches.
    [[nodiscard]] static bool any_waits(const reactor& here) noexcept;
    /// `gone` is about to be destroyed.
    static void forget_all(const reactor& gone) noexcept;

private:
    friend class registration_table;

    static constexpr std::uint64_t tag_mark = 0x8000'0000;
    static constexpr unsigned strange_waits_max = 4;

    registration() noexcept = default;

    [[nodiscard]] readiness<fd_wait>& direction(interest what) noexcept {
        return what == interest::read ? input_ : output_;
    }
    [[nodiscard]] std::uint64_t tag() const noexcept;
    [[nodiscard]] bool should_move(interest what, const reactor* home) noexcept;
    [[nodiscard]] std::error_code move_to(reactor& here) noexcept;
    [[nodiscard]] bool give_up() noexcept;
    EDDY_API std::error_code leave() noexcept;

    readiness<fd_wait> input_;
    readiness<fd_wait> output_;
    atomic<reactor*> home_{nullptr}; // written under moving_
    atomic<std::uint32_t> generation_{0};
    std::uint32_t index_ = 0;
    std::uint32_t next_free_ = 0;
    atomic<int> fd_{-1};
    atomic<std::uint8_t> holders_{0};
    spin_lock moving_;
    bool given_up_ = true;           // guarded by moving_
    std::uint8_t strange_waits_ = 0; // for input, in a row, from a loop that is not home_
};
static_assert(sizeof(registration) == 64);

} // namespace eddy::inline v0
