// job_claims.hpp — who may begin a job that was sent to a worker process: a word for each of the
// last few jobs, in memory that both processes map.
//
// Threads:    offer, withdraw: the pool, under its lock. begin: the worker.
// Progress:   wait-free.
// Memory:     all zero is how it begins: nobody constructs it, the other side may have begun.
// Invariants: I1  of one offer, begin or withdraw comes true, not both, and each at most once.
//             I2  a word that makes no sense counts as begun.
// Pairs:      P1  claims_: offer -> begin, withdraw: of an offer only one of them comes true, both
//                 ends. The offer reaches the worker before the job does: the ring carries both
// Design:     docs/design/process_pool.md

#pragma once

#include <eddy/base/atomic.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace eddy::inline v0 {

/// Who has a job: the pool offers it, and it is begun by the worker or withdrawn by the pool. After
/// the death of the worker it says which jobs had begun.
template <typename Sync = native_sync, std::uint64_t Window = 8>
class basic_job_claims {
public:
    /// Whether job `next` has a word of its own while `oldest` has not been answered.
    [[nodiscard]] static constexpr bool has_room(std::uint64_t oldest,
                                                 std::uint64_t next) noexcept {
        return next - oldest < Window;
    }

    // -- the pool --
    void offer(std::uint64_t number) noexcept {
        slot(number).store(word_of(number, offered), seq_cst); // P1
    }
    /// True: the worker will not begin it.
    [[nodiscard]] bool withdraw(std::uint64_t number) noexcept { return move(number, withdrawn); }

    // -- the worker --
    /// False: it was withdrawn.
    [[nodiscard]] bool begin(std::uint64_t number) noexcept { return move(number, begun); }

private:
    enum state : std::uint64_t { offered, begun, withdrawn };
    using word = typename Sync::template atomic<std::uint64_t>;

    static constexpr std::uint64_t word_of(std::uint64_t number, state what) noexcept {
        return number * 4 + what; // less than 4 states
    }
    word& slot(std::uint64_t number) noexcept {
        return claims_[static_cast<std::size_t>(number % Window)];
    }
    bool move(std::uint64_t number, state to) noexcept {
        std::uint64_t expected = word_of(number, offered);
        return slot(number).compare_exchange_strong(expected, word_of(number, to), seq_cst,
                                                    seq_cst); // P1, both ends
    }

    std::array<word, Window> claims_{};
};

using job_claims = basic_job_claims<>;

/// Before a process is killed for `begun`, which it had begun: withdraws what was sent to it later,
/// the newest first, each by `withdraw(job)`, and gives it to `take_back(job)`, which takes it out
/// of `jobs`. False: one of them has begun too. Then `begun` has ended, its result is on the way,
/// and nobody is to be killed.
template <typename Jobs, typename Job, typename Withdraw, typename TakeBack>
[[nodiscard]] bool withdraw_behind(const Job& begun, Jobs& jobs, Withdraw withdraw,
                                   TakeBack take_back) {
    while (&*jobs.back() != &begun) {
        auto& last = *jobs.back();
        if (!withdraw(last)) {
            return false;
        }
        take_back(last);
    }
    return true;
}

} // namespace eddy::inline v0
