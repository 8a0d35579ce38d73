// atomic.hpp — the one door to std::atomic: short names, and the policy that lets tests own it.
//
// Every lock-free template takes `typename Sync = native_sync` as its last parameter and uses only
//     Sync::template atomic<T>   a std::atomic<T>
//     Sync::template var<T>      plain data handed from thread to thread, used like a T
//     Sync::pause()              a hint inside a spin loop
// The interleaving explorer (docs/design/explorer.md) supplies another Sync, which schedules and
// checks each access.

#pragma once

#include <atomic>
#include <cstddef>

namespace eddy::inline v0 {

template <class T>
using atomic = std::atomic<T>;

inline constexpr std::memory_order relaxed = std::memory_order_relaxed;
inline constexpr std::memory_order acquire = std::memory_order_acquire;
inline constexpr std::memory_order release = std::memory_order_release;
inline constexpr std::memory_order acq_rel = std::memory_order_acq_rel;
inline constexpr std::memory_order seq_cst = std::memory_order_seq_cst;

/// Data written by different threads is kept this far apart: a line is 64 bytes, and the prefetcher
/// fetches pairs.
inline constexpr std::size_t line_bytes = 128;

/// The policy of the library itself: real atomics, unchecked data.
struct native_sync {
    template <class T>
    using atomic = eddy::atomic<T>;

    template <class T>
    class var;

    static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("yield");
#endif
    }
};

template <class T>
class native_sync::var {
public:
    constexpr var() noexcept = default;
    constexpr var(T value) noexcept : value_(value) {} // implicit: stands in for a plain T
    constexpr operator T() const noexcept { return value_; }
    constexpr var& operator=(T value) noexcept {
        value_ = value;
        return *this;
    }
    var(const var&) = delete;
    var& operator=(const var&) = delete;

private:
    T value_{};
};

} // namespace eddy::inline v0
