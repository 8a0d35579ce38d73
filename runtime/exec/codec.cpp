// codec.cpp — the bytes behind codecs, and what is said when they are wrong.

#include <eddy/base/syscall_process.hpp>
#include <eddy/exec/codec.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

namespace eddy::inline v0 {

namespace {

constexpr std::size_t large_page = std::size_t{2} << 20;
constexpr std::size_t large_bytes = 2 * large_page; // from here on large pages are asked for

} // namespace

codec_error::~codec_error() = default;

code_buffer::~code_buffer() {
    std::free(data_);
}

void prepare_to_fill(void* memory, std::size_t bytes) noexcept {
    if (bytes >= large_bytes) {
        sys::prefer_large_pages({static_cast<std::byte*>(memory), bytes});
    }
}

void code_buffer::reserve_more(std::size_t more) {
    constexpr std::size_t first = 256;
    if (more > std::numeric_limits<std::size_t>::max() / 2 - capacity_) {
        throw std::bad_alloc();
    }
    std::size_t wanted = std::max({first, 2 * capacity_, size_ + more});
    void* moved = nullptr;
    if (wanted < large_bytes) {
        moved = std::realloc(data_, wanted);
    } else {
        wanted = (wanted + large_page - 1) / large_page * large_page;
        moved = std::aligned_alloc(large_page, wanted);
    }
    if (moved == nullptr) {
        throw std::bad_alloc();
    }
    if (wanted >= large_bytes) {
        prepare_to_fill(moved, wanted);
        if (size_ != 0) {
            std::memcpy(moved, data_, size_);
        }
        std::free(data_);
    }
    data_ = static_cast<std::byte*>(moved);
    capacity_ = wanted;
}

void code_writer::put_bytes(std::span<const std::byte> bytes) {
    if (!bytes.empty()) {
        std::memcpy(buffer_.grow(bytes.size()).data(), bytes.data(), bytes.size());
    }
}

std::size_t code_reader::get_size(std::size_t bytes_each) {
    const auto size = get<std::uint64_t>();
    if (size > left_.size() / bytes_each) {
        throw codec_error("a size of " + std::to_string(size) + " where " +
                          std::to_string(left_.size()) + " bytes are left");
    }
    return static_cast<std::size_t>(size);
}

void code_reader::expect_end() const {
    if (!left_.empty()) {
        throw codec_error(std::to_string(left_.size()) + " bytes too many");
    }
}

void code_reader::fail(const char* what) {
    throw codec_error(what);
}

void code_reader::throw_short(std::size_t wanted) const {
    throw codec_error(std::to_string(wanted) + " bytes are needed where " +
                      std::to_string(left_.size()) + " are left");
}

} // namespace eddy::inline v0
