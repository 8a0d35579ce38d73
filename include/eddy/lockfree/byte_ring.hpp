// byte_ring.hpp — bytes from one process to another through memory that both see.
//
// The two ends keep their own positions to themselves and believe the other's only if it makes
// sense: the other process may have written anything over what is shared.
//
// Threads:    a byte_ring_writer: one; a byte_ring_reader: one.
// Progress:   wait-free. Waiting is the caller's business: an end that finds nothing to do calls
//             may_sleep() and then blocks until it is rung; the other end looks whether it has to
//             ring after each move.
// Memory:     two lines and a number of bytes that is a power of two; nothing is allocated.
// Invariants: I1  head <= tail <= head + capacity, where each is written by one end and only grows.
//             I2  what lies in [head, tail) has been written whole.
// Pairs:      P1  tail_: write -> readable: the bytes before it are seen
//             P2  head_: read -> room: the bytes before it have been read and may be overwritten
//             P3  tail_ then reader_sleeps_ (write, must_ring)  vs  reader_sleeps_ then tail_
//                 (may_sleep, readable), all seq_cst: the reader sees the bytes, or is rung
//             P4  head_ then writer_sleeps_  vs  writer_sleeps_ then head_, the same for room
// Design:     docs/design/process_pool.md

#pragma once

#include <eddy/base/assert.hpp>
#include <eddy/base/atomic.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace eddy::inline v0 {

/// What the two ends share; all zero at the beginning.
template <typename Sync = native_sync>
class byte_ring_ends {
public:
    byte_ring_ends() noexcept = default;
    byte_ring_ends(const byte_ring_ends&) = delete;
    byte_ring_ends& operator=(const byte_ring_ends&) = delete;

private:
    template <typename>
    friend class byte_ring_writer;
    template <typename>
    friend class byte_ring_reader;

    // On the line of who writes it, together with what it looks at afterwards.
    alignas(line_bytes) typename Sync::template atomic<std::uint64_t> tail_{0};
    typename Sync::template atomic<std::uint32_t> reader_sleeps_{0};
    alignas(line_bytes) typename Sync::template atomic<std::uint64_t> head_{0};
    typename Sync::template atomic<std::uint32_t> writer_sleeps_{0};
};

/// The bytes themselves: plain memory, or what an explorer checks.
template <typename Sync>
using ring_byte = std::conditional_t<std::is_same_v<Sync, native_sync>, std::byte,
                                     typename Sync::template var<std::byte>>;

template <typename Sync = native_sync>
class byte_ring_writer {
public:
    /// `storage` has a power of two of bytes.
    byte_ring_writer(byte_ring_ends<Sync>& ends, std::span<ring_byte<Sync>> storage) noexcept
        : ends_(&ends), storage_(storage) {
        EDDY_ASSERT(std::has_single_bit(storage.size()));
    }

    /// How many bytes there is room for; nothing: the reader has broken I1.
    [[nodiscard]] std::optional<std::size_t> room() const noexcept {
        const std::uint64_t head = ends_->head_.load(seq_cst); // P2, P4
        if (head > tail_ || tail_ - head > storage_.size()) {
            return std::nullopt;
        }
        return storage_.size() - static_cast<std::size_t>(tail_ - head);
    }
    /// Writes as much of `bytes` as there is room for; gives how much. Then: must_ring().
    std::size_t write(std::span<const std::byte> bytes) noexcept {
        const std::size_t count = std::min(bytes.size(), room().value_or(0));
        if (count != 0) {
            copy(bytes.first(count));
            tail_ += count;
            ends_->tail_.store(tail_, seq_cst); // P1, P3
        }
        return count;
    }
    /// Whether the reader waits: then it has to be rung, by whoever was given true.
    [[nodiscard]] bool must_ring() noexcept {
        return ends_->reader_sleeps_.load(seq_cst) != 0 &&      // P3
               ends_->reader_sleeps_.exchange(0, seq_cst) != 0; // P3
    }

    /// There is no room: true: block until rung; false: there is, now. Ends with awake().
    [[nodiscard]] bool may_sleep() noexcept {
        ends_->writer_sleeps_.store(1, seq_cst); // P4
        return room() == 0U;
    }
    void awake() noexcept { ends_->writer_sleeps_.store(0, seq_cst); } // P4

private:
    void copy(std::span<const std::byte> bytes) noexcept {
        const auto at = static_cast<std::size_t>(tail_ & (storage_.size() - 1));
        const std::size_t first = std::min(bytes.size(), storage_.size() - at);
        if constexpr (std::is_same_v<Sync, native_sync>) {
            std::memcpy(storage_.data() + at, bytes.data(), first);
            std::memcpy(storage_.data(), bytes.data() + first, bytes.size() - first);
        } else {
            std::copy_n(bytes.begin(), first, storage_.begin() + static_cast<std::ptrdiff_t>(at));
            std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(first), bytes.end(),
                      storage_.begin());
        }
    }

    byte_ring_ends<Sync>* ends_;
    std::span<ring_byte<Sync>> storage_;
    std::uint64_t tail_ = 0;
};

template <typename Sync = native_sync>
class byte_ring_reader {
public:
    /// As byte_ring_writer.
    byte_ring_reader(byte_ring_ends<Sync>& ends, std::span<ring_byte<Sync>> storage) noexcept
        : ends_(&ends), storage_(storage) {
        EDDY_ASSERT(std::has_single_bit(storage.size()));
    }

    /// How many bytes can be read; nothing: the writer has broken I1.
    [[nodiscard]] std::optional<std::size_t> readable() const noexcept {
        const std::uint64_t tail = ends_->tail_.load(seq_cst); // P1, P3
        if (tail < head_ || tail - head_ > storage_.size()) {
            return std::nullopt;
        }
        return static_cast<std::size_t>(tail - head_);
    }
    /// Reads as much as there is and fits into `into`; gives how much. Then: must_ring().
    std::size_t read(std::span<std::byte> into) noexcept {
        const std::size_t count = std::min(into.size(), readable().value_or(0));
        if (count != 0) {
            copy(into.first(count));
            head_ += count;
            ends_->head_.store(head_, seq_cst); // P2, P4
        }
        return count;
    }
    /// Whether the writer waits for room: then it has to be rung, by whoever was given true.
    [[nodiscard]] bool must_ring() noexcept {
        return ends_->writer_sleeps_.load(seq_cst) != 0 &&      // P4
               ends_->writer_sleeps_.exchange(0, seq_cst) != 0; // P4
    }

    /// There is nothing: true: block until rung; false: there is, now. Ends with awake().
    [[nodiscard]] bool may_sleep() noexcept {
        ends_->reader_sleeps_.store(1, seq_cst); // P3
        return readable() == 0U;
    }
    void awake() noexcept { ends_->reader_sleeps_.store(0, seq_cst); } // P3

private:
    void copy(std::span<std::byte> into) noexcept {
        const auto at = static_cast<std::size_t>(head_ & (storage_.size() - 1));
        const std::size_t first = std::min(into.size(), storage_.size() - at);
        if constexpr (std::is_same_v<Sync, native_sync>) {
            std::memcpy(into.data(), storage_.data() + at, first);
            std::memcpy(into.data() + first, storage_.data(), into.size() - first);
        } else {
            std::copy_n(storage_.begin() + static_cast<std::ptrdiff_t>(at), first, into.begin());
            std::copy_n(storage_.begin(), into.size() - first,
                        into.begin() + static_cast<std::ptrdiff_t>(first));
        }
    }

    byte_ring_ends<Sync>* ends_;
    std::span<ring_byte<Sync>> storage_;
    std::uint64_t head_ = 0;
};

} // namespace eddy::inline v0
