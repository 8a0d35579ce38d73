// frame_cache.hpp — where coroutine frames and task control blocks come from: a stack of free
// blocks a thread and size class.
//
// Threads:    all: any thread; a block may be freed by another thread than the one that got it.
// Progress:   a hit is a few instructions; a miss and an overflow go to operator new and delete.
// Memory:     a thread keeps at most cached_max blocks a class; blocks above size_max are not kept.
// Invariants: I1  a block handed out has at least its class's size, whoever compiled the caller.
//             I2  under AddressSanitizer nothing is kept: it must see every frame die.

#pragma once

#include <eddy/base/export.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EDDY_FRAME_CACHE_OFF 1
#endif
#endif

namespace eddy::inline v0 {

class frame_cache {
public:
    static constexpr std::size_t class_bytes = 16;
    /// Class `i` has blocks of `i * class_bytes + class_odd` bytes: with the 8 bytes that malloc
    /// keeps beside a block that is a multiple of 16, and none are lost.
    static constexpr std::size_t class_odd = 8;
    static constexpr std::size_t size_max = 1024 + class_odd;
    static constexpr std::uint32_t cached_max = 4096;

    /// Throws: std::bad_alloc.
    [[gnu::always_inline]] static void* allocate(std::size_t bytes) {
#ifndef EDDY_FRAME_CACHE_OFF
        if (bytes <= size_max) {
            size_class& mine = local_.classes[class_of(bytes)];
            if (void** const top = mine.top; top != mine.bottom) [[likely]] {
                mine.top = top - 1;
                return top[-1];
            }
        }
#endif
        return allocate_slow(bytes);
    }

    /// `bytes` must be what allocate was given.
    [[gnu::always_inline]] static void deallocate(void* memory, std::size_t bytes) noexcept {
#ifndef EDDY_FRAME_CACHE_OFF
        if (bytes <= size_max) {
            size_class& mine = local_.classes[class_of(bytes)];
            if (void** const top = mine.top; top != mine.end) [[likely]] {
                *top = memory;
                mine.top = top + 1;
                return;
            }
        }
#endif
        deallocate_slow(memory, bytes);
    }

    /// The same for a block with an alignment of its own; none of them is kept.
    [[nodiscard]] EDDY_API static void* allocate(std::size_t bytes, std::align_val_t align);
    EDDY_API static void deallocate(void* memory, std::size_t bytes,
                                    std::align_val_t align) noexcept;

    /// Blocks handed out by all threads and not given back; exact while no thread does either.
    [[nodiscard]] EDDY_API static std::int64_t live_hint() noexcept;

private:
    // The free blocks are [bottom, top). An array, not a list through the blocks: one word changes
    // instead of two, and the next block is known before it is touched.
    struct size_class {
        void** bottom;
        void** top;
        void** end; // grows up to cached_max; none until the thread has given a block back once
    };
    struct thread_cache {
        std::array<size_class, size_max / class_bytes + 1> classes;
    };
    class registration;

    static constexpr std::size_t class_of(std::size_t bytes) noexcept {
        return (bytes + class_bytes - class_odd - 1) / class_bytes;
    }
    static constexpr std::size_t bytes_of(std::size_t index) noexcept {
        return index * class_bytes + class_odd;
    }

    static bool grow(size_class& full) noexcept;
    EDDY_API static void* allocate_slow(std::size_t bytes);
    EDDY_API static void deallocate_slow(void* memory, std::size_t bytes) noexcept;

    // initial-exec: one instruction to reach, also from other libraries; trivial: without a guard.
    EDDY_API static constinit thread_local thread_cache local_
        __attribute__((tls_model("initial-exec")));
};

} // namespace eddy::inline v0
