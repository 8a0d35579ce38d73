// byte_buffer.hpp — bytes that have come and are not read, or are written and not sent.
//
// Threads:    one at a time.
// Memory:     none while it is empty and was told to shrink.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace eddy::inline v0 {

class byte_buffer {
public:
    [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return {data_.get() + begin_, size()};
    }
    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(data_.get()) + begin_, size()};
    }

    /// Room for at least `bytes_min` more bytes, which are not set; commit() says how many are.
    /// Throws: std::bad_alloc.
    [[nodiscard]] std::span<std::byte> room(std::size_t bytes_min) {
        if (capacity_ - end_ < bytes_min) {
            make_room(bytes_min);
        }
        return {data_.get() + end_, capacity_ - end_};
    }
    void commit(std::size_t bytes) noexcept { end_ += bytes; }

    /// Throws: std::bad_alloc.
    void append(std::span<const std::byte> more) {
        if (!more.empty()) {
            std::memcpy(room(more.size()).data(), more.data(), more.size());
            commit(more.size());
        }
    }

    void consume(std::size_t bytes) noexcept {
        begin_ += bytes;
        if (begin_ == end_) {
            begin_ = end_ = 0;
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
        if (empty() && capacity_ != 0) {
            data_.reset();
            capacity_ = 0;
        }
    }

private:
    void make_room(std::size_t bytes_min) {
        const std::size_t kept = size();
        if (kept + bytes_min <= capacity_ && begin_ >= capacity_ / 2) {
            std::memmove(data_.get(), data_.get() + begin_, kept);
        } else {
            const std::size_t bytes = std::max(kept + bytes_min, 2 * capacity_);
            auto grown = std::make_unique_for_overwrite<std::byte[]>(bytes); // NOLINT: raw bytes
            if (kept != 0) {
                std::memcpy(grown.get(), data_.get() + begin_, kept);
            }
            data_ = std::move(grown);
            capacity_ = bytes;
        }
        begin_ = 0;
        end_ = kept;
    }

    std::unique_ptr<std::byte[]> data_; // NOLINT: raw bytes
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

} // namespace eddy::inline v0
