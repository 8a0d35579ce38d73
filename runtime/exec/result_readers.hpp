// result_readers.hpp — threads that decode long results, so that the pool's own does not keep the
// others waiting for it.
//
// Threads:    read: the pool's thread, which makes and destroys it, too.
// Memory:     none and no thread before the first long result; threads that are idle end.
// Invariants: I1  what read() has taken is read and its promise set, whatever fails.
// Design:     docs/design/process_pool.md

#pragma once

#include "exec/worker_link.hpp"
#include "exec/worker_process.hpp"
#include <eddy/exec/thread_pool_executor.hpp>

#include <cstddef>
#include <optional>

namespace eddy::inline v0 {

class process_pool;

/// Decodes a result and sets the promise of its job.
void settle_with(process_job& job, message_kind kind, std::span<const std::byte> body) noexcept;

class result_readers {
public:
    /// A thread is woken for these. Shorter ones take less than a millisecond, and the memory that
    /// they came in is used again.
    static constexpr std::size_t bytes_min = incoming_message::kept_max + 1;
    /// They have little to do beside copying, and memory is shared by all.
    static constexpr std::size_t threads_max = 4;

    explicit result_readers(const process_pool& of) noexcept : of_(&of) {}
    ~result_readers() = default; // blocks until all has been read
    result_readers(const result_readers&) = delete;
    result_readers& operator=(const result_readers&) = delete;

    /// Takes both over, and has them read: where no thread can be had, here and now.
    void read(job_ref job, message_kind kind, code_buffer body) noexcept;
    /// Blocks until all has been read.
    void end() noexcept { threads_.reset(); }

private:
    class work;

    const process_pool* of_;
    std::optional<thread_pool_executor> threads_;
};

} // namespace eddy::inline v0
