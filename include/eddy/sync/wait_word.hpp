// wait_word.hpp — a number that tasks wait for: one word for the number, a lock, and whether
// anybody waits.
//
// While nobody waits the number is changed by one CAS. Otherwise by a section: it locks the word,
// may look at the list of waiters and change the number, and publishes both with the store that
// unlocks.
//
// Threads:    any.
// Progress:   value and try_change are wait-free but for the CAS; a section is a few instructions,
//             and excludes others: they spin, then give the processor away.
// Memory:     allocates nothing.
// Invariants: I1  queued is 1 in an unlocked word exactly if the list is not empty.
//             I2  while the word is locked only the section changes it; it does so with its last
//                 access: whoever sees the new number may destroy the word.
// Pairs:      P1  word_: try_change, unlock -> value, try_change, lock    who sees the number sees
//                 what was done before it was set; sections follow each other
// Design:     docs/design/sync.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/syscall.hpp>
#include <eddy/sync/wait_list.hpp>

#include <cstdint>
#include <optional>
#include <type_traits>

namespace eddy::inline v0 {

template <typename Waiter, typename Sync = native_sync>
class wait_word {
public:
    explicit wait_word(std::uint32_t value) noexcept : word_(state{.value = value}) {}
    wait_word(const wait_word&) = delete;
    wait_word& operator=(const wait_word&) = delete;

    /// The number, as the last section or change left it.
    [[nodiscard]] std::uint32_t value() const noexcept { return word_.load(acquire).value; } // P1
    /// Whether anybody waits.
    [[nodiscard]] bool queued_hint() const noexcept {
        return word_.load(relaxed).queued != 0; // hint: sections decide
    }

    enum class change : std::uint8_t {
        done,
        refused, // by `next`
        busy     // somebody waits, or is in a section
    };
    /// Sets the number to what `next(number)` gives, in one step; not if that is nullopt, or if
    /// somebody waits.
    template <typename Next>
    [[nodiscard]] change try_change(Next next) noexcept {
        state seen = word_.load(relaxed); // hint: the CAS checks it
        for (;;) {
            if (seen.queued != 0 || seen.locked != 0) {
                return change::busy;
            }
            const std::optional<std::uint32_t> value = next(seen.value);
            if (!value) {
                return change::refused;
            }
            if (word_.compare_exchange_weak(seen, state{.value = *value}, acq_rel,
                                            relaxed)) { // P1, both ends; fail: retried
                return change::done;
            }
        }
    }

    /// The word locked, for as long as this lives. After its end the word may be gone.
    class section {
    public:
        explicit section(wait_word& of) noexcept : of_(of), value_(of.lock()) {}
        section(const section&) = delete;
        section& operator=(const section&) = delete;
        ~section() { of_.unlock(value_); }

        [[nodiscard]] std::uint32_t value() const noexcept { return value_; }
        void set(std::uint32_t value) noexcept { value_ = value; }
        [[nodiscard]] wait_list<Waiter, Sync>& waiters() noexcept { return of_.waiters_; }

    private:
        wait_word& of_;
        std::uint32_t value_;
    };

private:
    struct alignas(8) state {
        std::uint32_t value = 0;
        std::uint16_t queued = 0; // I1
        std::uint16_t locked = 0;
    };
    static_assert(std::has_unique_object_representations_v<state>);

    std::uint32_t lock() noexcept {
        for (int spins = 0;; ++spins) {
            state seen = word_.load(relaxed); // hint: the CAS checks it
            state mine = seen;
            mine.locked = 1;
            if (seen.locked == 0 && word_.compare_exchange_weak(seen, mine, acquire,
                                                                relaxed)) { // P1; fail: retried
                return seen.value;
            }
            pause(spins);
        }
    }

    void unlock(std::uint32_t value) noexcept {
        const std::uint16_t queued = waiters_.empty() ? 0 : 1;
        word_.store(state{.value = value, .queued = queued}, release); // P1
        // GONE: whoever sees the new number may destroy the word.
    }

    static void pause(int spins) noexcept {
        if constexpr (std::is_same_v<Sync, native_sync>) {
            if (spins > spins_max) {
                sys::sched_yield(); // who is in the section may need the processor
                return;
            }
        }
        Sync::pause();
    }

    static constexpr int spins_max = 64;

    typename Sync::template atomic<state> word_;
    wait_list<Waiter, Sync> waiters_;
};

} // namespace eddy::inline v0
