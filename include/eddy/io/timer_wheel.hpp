// timer_wheel.hpp — one-shot timers: insert and cancel in O(1), no allocation, no periodic wake-up.
//
// Threads:    every member function: any thread; a lock of a few instructions guards the wheel.
// Progress:   insert, cancel: O(1).  expire: O(nodes due + nodes cascaded); a node cascades at most
//             levels - 1 times in its life.
// Memory:     a node belongs to its caller and must stay until it was cancelled or fired.
// Invariants: I1  a node sits on the level of the highest digit in which its tick differs from
//                 elapsed_, in the slot of that digit; so nodes of equal deadline share a slot, in
//                 insertion order.
//             I2  next_ is never later than the earliest deadline in the wheel.
//             I3  a node is due at its deadline to the nanosecond: never early, also within its
//                 tick.
// Pairs:      P1  next_: insert, expire -> next_deadline, seq_cst: of a thread that inserts and
//                 then looks whether the owner sleeps, and the owner that says "I sleep" and then
//                 asks for the next deadline, at least one sees the other
// Design:     docs/design/timer_wheel.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/intrusive_list.hpp>
#include <eddy/base/spin_lock.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace eddy::inline v0 {

/// What waits in a timer_wheel; lives in whatever sleeps.
class timer_node : public list_hook {
public:
    /// Called once per insert that was not cancelled; may destroy the node or insert it again.
    using fire_function = void (*)(timer_node&) noexcept;

    explicit timer_node(fire_function fire, clock::time_point deadline = {}) noexcept
        : fire_(fire), deadline_(deadline) {}

    /// The deadline of the last insert; what it was made with before the first one.
    [[nodiscard]] clock::time_point deadline() const noexcept { return deadline_; }

private:
    friend class timer_wheel;

    fire_function fire_;
    clock::time_point deadline_;
    // Guarded by the wheel's lock.
    bool in_wheel_ = false;
    std::uint8_t level_ = 0;
    std::uint8_t slot_ = 0;
};
static_assert(sizeof(timer_node) <= 40);

/// Nodes that have left the wheel and wait for timer_wheel::fire.
using timer_list = intrusive_list<timer_node>;

class timer_wheel {
public:
    /// `start` is the earliest time the wheel will see; later is correct too, only slower at first.
    EDDY_API explicit timer_wheel(clock::time_point start) noexcept;
    EDDY_API ~timer_wheel();
    timer_wheel(const timer_wheel&) = delete;
    timer_wheel& operator=(const timer_wheel&) = delete;

    /// Adds `node`, due at `deadline`; a deadline that has passed is due at the next expire.
    /// True: the deadline is earlier than what next_deadline last said, so a caller that is not the
    /// owner of the wheel has to make sure that the owner does not sleep past it.
    EDDY_API bool insert(timer_node& node, clock::time_point deadline) noexcept;

    /// Takes `node` out. True: it was in the wheel and will not fire. False: it was not (never
    /// inserted, cancelled before, or taken by an expire whose caller fires it or has fired it).
    EDDY_API bool cancel(timer_node& node) noexcept;

    /// Moves the nodes due at `now` to the end of `due`, by deadline and, where that is equal, in
    /// the order of their inserts; gives their number. The caller then fires them.
    EDDY_API std::size_t expire(clock::time_point now, timer_list& due) noexcept;

    /// Takes each node out of `due` and calls its function.
    EDDY_API static void fire(timer_list& due) noexcept;

    /// Gives the time at which expire should be called next, time_point::max() for "not at all".
    /// It is the earliest deadline if few nodes share that part of the wheel, and else a lower
    /// bound: the expire at that time moves the nodes closer, and the next answer is later.
    [[nodiscard]] EDDY_API clock::time_point next_deadline() noexcept;

    /// A lower bound of the same, without the lock: for siblings that look for late timers.
    [[nodiscard]] clock::time_point next_deadline_hint() const noexcept {
        // hint: the sibling's expire looks again under the lock
        return clock::time_point(clock::duration(next_.load(relaxed)));
    }

    /// How many nodes there are: walks them all.
    [[nodiscard]] EDDY_API std::size_t count() noexcept;

private:
    static constexpr unsigned tick_bits = 10; // a tick is 1024 ns
    static constexpr unsigned digit_bits = 6; // 64 slots a level: one bitmap word
    static constexpr std::size_t slots_per_level = std::size_t{1} << digit_bits;
    static constexpr std::size_t levels = (63 - tick_bits + digit_bits - 1) / digit_bits;
    static constexpr std::size_t exact_scan_max = 16;

    struct place {
        std::size_t level;
        std::size_t slot;
    };

    [[nodiscard]] static std::uint64_t tick_of(std::int64_t ns) noexcept;
    [[nodiscard]] place place_of(std::uint64_t tick) const noexcept;
    [[nodiscard]] bool first_occupied(place& found) const noexcept;
    [[nodiscard]] std::uint64_t start_of(place at) const noexcept;
    void link(timer_node& node) noexcept;
    void cascade(place from) noexcept;
    std::size_t take_due(std::size_t slot, clock::time_point now, timer_list& due) noexcept;
    [[nodiscard]] std::int64_t earliest_in(place at) noexcept;
    void refresh_next() noexcept;

    spin_lock lock_;
    std::uint64_t elapsed_; // the tick up to which everything due has left
    std::array<std::uint64_t, levels> occupied_{};
    std::array<std::array<timer_list, slots_per_level>, levels> slots_;

    atomic<std::int64_t> next_;
    atomic<bool> next_is_stale_{false}; // the node that next_ stood for was cancelled
};

} // namespace eddy::inline v0
