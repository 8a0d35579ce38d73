// byte_buffer.hpp — bytes that have come and are not read, or are written and not sent.
//
// Threads:    one at a time.
// Memory:     a pointer; nothing behind it while it is empty and was told to shrink.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace eddy::inline v0 {

class byte_buffer {
public:
    [[nodiscard]] std::size_t size() const noexcept {
        return block_ == nullptr ? 0 : block_->end - block_->begin;
    }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return block_ == nullptr ? std::span<const std::byte>()
                                 : std::span(block_->data() + block_->begin, size());
    }
    [[nodiscard]] std::string_view text() const noexcept {
        const std::span<const std::byte> all = bytes();
        return {reinterpret_cast<const char*>(all.data()), all.size()};
    }

    /// Room for at least `bytes_min` more bytes, which are not set; commit() says how many are.
    /// Throws: std::bad_alloc.
    [[nodiscard]] std::span<std::byte> room(std::size_t bytes_min) {
        if (block_ == nullptr || block_->capacity - block_->end < bytes_min) {
            make_room(bytes_min);
        }
        return {block_->data() + block_->end, block_->capacity - block_->end};
    }
    /// Of the room that was given.
    void commit(std::size_t bytes) noexcept { block_->end += bytes; }

    /// Throws: std::bad_alloc.
    void append(std::span<const std::byte> more) {
        if (!more.empty()) {
            std::memcpy(room(more.size()).data(), more.data(), more.size());
            commit(more.size());
        }
    }

    void consume(std::size_t bytes) noexcept {
        if (bytes != 0) {
            block_->begin += bytes;
            if (block_->begin == block_->end) {
                block_->begin = block_->end = 0;
            }
        }
    }

    /// Moves up to `into.size()` bytes out.
    std::size_t take(std::span<std::byte> into) noexcept {
        const std::size_t count = std::min(into.size(), size());
        if (count != 0) {
            std::memcpy(into.data(), bytes().data(), count);
            consume(count);
        }
        return count;
    }

    /// Gives the memory back if nothing is in it.
    void shrink() noexcept {
        if (block_ != nullptr && empty()) {
            block_.reset();
        }
    }

private:
    /// What a buffer has besides its bytes, which come behind it.
    struct block {
        std::size_t capacity;
        std::size_t begin = 0;
        std::size_t end = 0;

        [[nodiscard]] std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }

        void operator delete(void* memory) noexcept { ::operator delete(memory); }
    };

    [[nodiscard]] static std::unique_ptr<block> allocate(std::size_t bytes) {
        void* const memory = ::operator new(sizeof(block) + bytes);
        return std::unique_ptr<block>(::new (memory) block{.capacity = bytes});
    }

    void make_room(std::size_t bytes_min) {
        const std::size_t kept = size();
        const std::size_t capacity = block_ == nullptr ? 0 : block_->capacity;
        if (kept + bytes_min <= capacity && block_->begin >= capacity / 2) {
            std::memmove(block_->data(), block_->data() + block_->begin, kept);
        } else {
            std::unique_ptr<block> grown = allocate(std::max(kept + bytes_min, 2 * capacity));
            if (kept != 0) {
                std::memcpy(grown->data(), bytes().data(), kept);
            }
            block_ = std::move(grown);
        }
        block_->begin = 0;
        block_->end = kept;
    }

    std::unique_ptr<block> block_;
};

} // namespace eddy::inline v0
