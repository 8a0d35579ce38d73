// parking.hpp — who sleeps, who searches, and whom to wake: no item waits while its finder sleeps.
//
// A worker parks:   token.prepare(), idle.announce(k), idle.stop_search() if it searched;
//                   look at every queue again; if all are empty, block;
//                   token.finish(), idle.retract(k); on finding something in the second look, or
//                   claimed: search (start_search() unless it was claimed), then look.
// A producer wakes: store the item; k = idle.claim_wake();
//                   if k >= 0 and token[k].notify(): write the eventfd of worker k.
//
// Threads:    prepare, finish: the token's worker.  announce, retract: the worker they name.
//             The rest: any thread.
// Progress:   all lock-free; announce, retract, stop_search, prepare, finish, notify wait-free.
// Invariants: I1  a bit of parked_ is set by its worker only and cleared by whoever claims or
//                 retracts it.
//             I2  searching_ counts the workers that search, those claimed and not yet awake, and
//                 the producers that are just claiming one.
//             I3  an eventfd is written at most once between prepare and finish.
// Pairs:      P1  item then searching_, parked_ (producer)  vs  parked_, searching_ then item
//                 (parker), all seq_cst: the producer sees whom to wake or to rely on, or the
//                 parker sees the item
//             P2  item then state_ (notify)  vs  state_ then item (prepare), all seq_cst:
//                 as P1, for one worker
//             P3  state_: notify -> finish: what the waker did before is done
// Design:     docs/design/parking.md

#pragma once

#include <eddy/base/assert.hpp>
#include <eddy/base/atomic.hpp>
#include <eddy/base/cpu_count.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace eddy::inline v0 {

/// Whether one worker may be blocked. Works without idle_set too: post to a worker, then notify it.
template <typename Sync = native_sync>
class park_token {
public:
    // -- the worker --

    /// From here on notify() asks for an eventfd write. Then look at every queue before blocking.
    void prepare() noexcept { state_.store(state::parked, seq_cst); } // P2

    /// The worker is up again. True: somebody notified it, so its eventfd is or will be written.
    bool finish() noexcept {
        return state_.exchange(state::awake, acq_rel) == state::notified; // P3
    }

    // -- any thread --

    /// Call after storing the item. True: the caller must write the worker's eventfd.
    bool notify() noexcept {
        state seen = state_.load(seq_cst); // P2
        // P2, P3; fail: unused
        return seen == state::parked &&
               state_.compare_exchange_strong(seen, state::notified, seq_cst, relaxed);
    }

private:
    enum class state : unsigned char {
        awake,   // will look at its queues before it blocks
        parked,  // may be blocked
        notified // the eventfd is or will be written
    };

    alignas(line_bytes) typename Sync::template atomic<state> state_{state::awake};
};

template <typename Sync = native_sync>
class idle_set {
public:
    static constexpr unsigned workers_max = eddy::workers_max;

    explicit idle_set(unsigned workers) noexcept
        : words_((workers + word_bits - 1) / word_bits), searching_max_((workers + 1) / 2) {
        EDDY_ASSERT(workers <= workers_max);
    }
    idle_set(const idle_set&) = delete;
    idle_set& operator=(const idle_set&) = delete;

    // -- the worker named --

    /// Offers `worker` to producers. It must look at every queue after this and before it blocks.
    void announce(unsigned worker) noexcept {
        word_of(worker).fetch_or(bit_of(worker), seq_cst); // P1
    }

    /// Withdraws the offer. False: a producer has claimed the worker, so it counts as searching.
    [[nodiscard]] bool retract(unsigned worker) noexcept {
        return (word_of(worker).fetch_and(~bit_of(worker), seq_cst) & bit_of(worker)) != 0; // P1
    }

    // -- any thread --

    /// Call after storing an item. Gives a worker that the caller must notify, counted as searching
    /// already; -1: somebody searches and will see the item, or nobody is parked.
    [[nodiscard]] int claim_wake() noexcept;

    /// Whether the caller may look for work at other workers: at most half of all do so at a time.
    [[nodiscard]] bool start_search() noexcept;

    /// The caller has found work, or gives up: then it has announced itself, and looks at every
    /// queue after this. True: it was the last one, and calls claim_wake() if it found work.
    [[nodiscard]] bool stop_search() noexcept {
        const std::uint32_t before = searching_.fetch_sub(1, seq_cst); // P1
        EDDY_ASSERT(before != 0);
        return before == 1;
    }

    unsigned searching_hint() const noexcept {
        return searching_.load(relaxed); // hint: for tests and debuggers
    }

private:
    static constexpr unsigned word_bits = 64;
    using word = typename Sync::template atomic<std::uint64_t>;

    word& word_of(unsigned worker) noexcept { return parked_[worker / word_bits]; }
    static std::uint64_t bit_of(unsigned worker) noexcept {
        return std::uint64_t{1} << (worker % word_bits);
    }
    bool any_parked() const noexcept;
    static int claim_in(word& parked) noexcept;

    alignas(line_bytes) std::array<word, workers_max / word_bits> parked_{};
    typename Sync::template atomic<std::uint32_t> searching_{0};
    const std::size_t words_; // in use
    const std::uint32_t searching_max_;
};

template <typename Sync>
int idle_set<Sync>::claim_wake() noexcept {
    while (searching_.load(seq_cst) == 0 && any_parked()) { // P1
        // Counted before it is claimed: once its bit is gone the worker may stop searching.
        std::uint32_t nobody = 0;
        if (!searching_.compare_exchange_strong(nobody, 1, seq_cst, relaxed)) { // P1; fail: unused
            return -1;
        }
        for (std::size_t i = 0; i != words_; ++i) {
            if (const int bit = claim_in(parked_[i]); bit >= 0) {
                return static_cast<int>(i * word_bits) + bit;
            }
        }
        // All have gone. Others may have relied on the count meanwhile, so look once more for them.
        if (!stop_search()) {
            return -1;
        }
    }
    return -1;
}

template <typename Sync>
bool idle_set<Sync>::any_parked() const noexcept {
    for (std::size_t i = 0; i != words_; ++i) {
        if (parked_[i].load(seq_cst) != 0) { // P1
            return true;
        }
    }
    return false;
}

// Clears one bit and gives its number; -1: none is set.
template <typename Sync>
int idle_set<Sync>::claim_in(word& parked) noexcept {
    std::uint64_t bits = parked.load(seq_cst); // P1
    while (bits != 0) {
        const std::uint64_t others = bits & (bits - 1);
        if (parked.compare_exchange_weak(bits, others, seq_cst, seq_cst)) { // P1; fail: P1
            return std::countr_zero(bits);
        }
    }
    return -1;
}

template <typename Sync>
bool idle_set<Sync>::start_search() noexcept {
    std::uint32_t searching = searching_.load(relaxed); // hint: the CAS checks it
    while (searching < searching_max_) {
        // P1; fail: retried
        if (searching_.compare_exchange_weak(searching, searching + 1, seq_cst, relaxed)) {
            return true;
        }
    }
    return false;
}

} // namespace eddy::inline v0
