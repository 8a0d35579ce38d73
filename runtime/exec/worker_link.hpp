// worker_link.hpp — what a pool and one of its worker processes share: two rings of bytes, messages
// in them, and who may begin a job.
//
// Both sides use this. Neither believes what it finds in shared memory before it has looked at it.
//
// Design:     docs/design/process_pool.md

#pragma once

#include "exec/job_claims.hpp"
#include <eddy/base/atomic.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/syscall_process.hpp>
#include <eddy/exec/codec.hpp>
#include <eddy/lockfree/byte_ring.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace eddy::inline v0 {

/// The memory that both see. The pool makes it, the worker maps it again.
class worker_segment {
    struct head {
        byte_ring_ends<> to_worker;
        byte_ring_ends<> to_pool;
        alignas(line_bytes) job_claims claims;
    };
    static constexpr std::size_t head_bytes = 4096;
    static_assert(sizeof(head) <= head_bytes);

public:
    static constexpr std::size_t bytes_for(std::size_t ring_bytes) noexcept {
        return head_bytes + 2 * ring_bytes;
    }

    /// `mapped` has bytes_for(ring_bytes); it is unmapped at the end.
    worker_segment(std::span<std::byte> mapped, std::size_t ring_bytes) noexcept
        : mapped_(mapped), ring_bytes_(ring_bytes),
          // Nobody constructs it: all zero is how it begins, and the other side may have begun.
          head_(reinterpret_cast<head*>(mapped.data())) {}
    ~worker_segment() { sys::unmap(mapped_); }
    worker_segment(const worker_segment&) = delete;
    worker_segment& operator=(const worker_segment&) = delete;

    [[nodiscard]] byte_ring_ends<>& to_worker() noexcept { return head_->to_worker; }
    [[nodiscard]] byte_ring_ends<>& to_pool() noexcept { return head_->to_pool; }
    [[nodiscard]] std::span<std::byte> to_worker_bytes() const noexcept {
        return mapped_.subspan(head_bytes, ring_bytes_);
    }
    [[nodiscard]] std::span<std::byte> to_pool_bytes() const noexcept {
        return mapped_.subspan(head_bytes + ring_bytes_, ring_bytes_);
    }
    [[nodiscard]] job_claims& claims() noexcept { return head_->claims; }

private:
    std::span<std::byte> mapped_;
    std::size_t ring_bytes_;
    head* head_;
};

enum class message_kind : std::uint32_t {
    // to the worker
    setup = 1, // limits, initialiser
    job,       // one call
    chunk,     // the same function for several arguments
    end,       // nothing follows
    // to the pool
    ready,
    start_failed, // an exception
    value,        // what the function gave
    error,        // what it threw
    after_the_last
};

struct message_header {
    message_kind kind{};
    std::uint32_t context_bytes = 0; // of those that follow: the context variables of the job
    std::uint64_t number = 0;        // of the job
    std::uint64_t bytes = 0;         // that follow
    std::int64_t deadline = 0;       // of the job, on the real clock
};

/// A message on its way out; the body stays where it is.
class outgoing_message {
public:
    outgoing_message(message_kind kind, std::uint64_t number, std::span<const std::byte> body,
                     clock::time_point deadline = {}, std::uint32_t context_bytes = 0) noexcept
        : header_{.kind = kind,
                  .context_bytes = context_bytes,
                  .number = number,
                  .bytes = body.size(),
                  .deadline = deadline.time_since_epoch().count()},
          body_(body) {}

    /// Writes what there is room for. True: that was the rest.
    bool send(byte_ring_writer<>& to) noexcept {
        const auto head = std::as_bytes(std::span(&header_, 1));
        if (sent_ < head.size()) {
            sent_ += to.write(head.subspan(sent_));
        }
        while (sent_ >= head.size() && sent_ != head.size() + body_.size()) {
            const auto left = body_.subspan(sent_ - head.size());
            const std::size_t moved = to.write(left.first(std::min(left.size(), piece)));
            if (moved == 0) {
                break;
            }
            sent_ += moved;
        }
        return sent_ == head.size() + body_.size();
    }

    /// Published as one: the other side copies what is there while the next one is written.
    static constexpr std::size_t piece = std::size_t{128} * 1024;

private:
    message_header header_;
    std::span<const std::byte> body_;
    std::size_t sent_ = 0;
};

/// A message on its way in.
class incoming_message {
public:
    enum class progress : std::uint8_t { none, some, whole, broken };
    /// Memory for as much is kept for the next one.
    static constexpr std::size_t kept_max = std::size_t{2} << 20;

    /// Reads a piece of it at most. Once it is whole, it is taken by reset(). Throws:
    /// std::bad_alloc.
    progress receive(byte_ring_reader<>& from) {
        const auto ready = from.readable();
        if (!ready) {
            return progress::broken;
        }
        if (*ready == 0) {
            return progress::none;
        }
        if (head_read_ < sizeof header_) {
            const auto head = std::as_writable_bytes(std::span(&header_, 1));
            head_read_ += from.read(head.subspan(head_read_));
            if (head_read_ == sizeof header_ && !plausible()) {
                return progress::broken;
            }
            if (head_read_ == sizeof header_) {
                body_.reserve(std::min(static_cast<std::size_t>(header_.bytes), reserved_max));
            }
        } else {
            const auto left = static_cast<std::size_t>(header_.bytes) - body_.size();
            const std::size_t wanted = std::min({left, *ready, outgoing_message::piece});
            const std::size_t before = body_.size();
            const std::size_t moved = from.read(body_.grow(wanted));
            body_.shrink(before + moved);
        }
        return head_read_ == sizeof header_ && body_.size() == header_.bytes ? progress::whole
                                                                             : progress::some;
    }
    [[nodiscard]] const message_header& header() const noexcept { return header_; }
    [[nodiscard]] std::span<const std::byte> body() const noexcept { return body_.bytes(); }
    /// For who needs it longer; reset() follows.
    [[nodiscard]] code_buffer take_body() noexcept { return std::move(body_); }
    /// Ready for the next one; memory of a usual size is kept.
    void reset() noexcept {
        head_read_ = 0;
        if (body_.size() > kept_max) {
            body_ = code_buffer();
        }
        body_.shrink(0);
    }

private:
    static constexpr std::size_t reserved_max = std::size_t{256} << 20; // more grows as it comes
    static constexpr std::uint64_t bytes_max = std::uint64_t{1} << 40;

    [[nodiscard]] bool plausible() const noexcept {
        return header_.kind >= message_kind::setup && header_.kind < message_kind::after_the_last &&
               header_.bytes <= bytes_max;
    }

    message_header header_;
    std::size_t head_read_ = 0;
    code_buffer body_;
};

} // namespace eddy::inline v0
