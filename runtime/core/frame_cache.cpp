// frame_cache.cpp — the misses and overflows of the frame cache, and the end of a thread.
//
// Pairs:      none: what threads tell each other is for live_hint, which is exact only when nobody
//             changes it.

#include <eddy/base/atomic.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/core/frame_cache.hpp>

#include <algorithm>
#include <mutex>
#include <new>

namespace eddy::inline v0 {

constinit thread_local frame_cache::thread_cache frame_cache::local_{};

namespace {

constexpr std::size_t room_first = 64; // blocks of a class, before its stack grows

// What threads without a registration have got from operator new and not given back, and those that
// have ended.
constinit atomic<std::int64_t> outstanding_elsewhere{0};

} // namespace

// Gives a thread's blocks back when it ends, and knows all threads for live_hint.
class frame_cache::registration {
public:
    registration() : mine_(&local_) {
        const std::lock_guard hold(all_lock);
        next_ = all;
        all = this;
        alive = this;
    }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;
    ~registration() {
        {
            const std::lock_guard hold(all_lock);
            registration** at = &all;
            while (*at != this) {
                at = &(*at)->next_;
            }
            *at = next_;
        }
        alive = nullptr;
        for (std::size_t i = 0; i != mine_->classes.size(); ++i) {
            release(mine_->classes[i], bytes_of(i));
        }
        outstanding_elsewhere.fetch_add(outstanding_.load(relaxed), relaxed); // own:, count:
    }

    // Blocks that are out. Reads what other threads change; see live_hint. The owners count without
    // atomics, which a hint is not worth: ThreadSanitizer is right, and not asked.
    [[gnu::no_sanitize_thread]] static std::int64_t live() noexcept {
        const std::lock_guard hold(all_lock);
        std::int64_t sum = outstanding_elsewhere.load(relaxed); // count:
        for (registration* at = all; at != nullptr; at = at->next_) {
            sum += at->outstanding_.load(relaxed); // count:
            for (const size_class& each : at->mine_->classes) {
                sum -= each.top - each.bottom;
            }
        }
        return sum;
    }

    // The calling thread's, nullptr when it is ending.
    static registration* of_thread() {
        static thread_local registration self;
        return alive;
    }

    // The calling thread has got a block from operator new (+1), or given one back to it (-1).
    static void count(std::int64_t change) noexcept {
        if (alive != nullptr) {
            alive->outstanding_.store(alive->outstanding_.load(relaxed) + change,
                                      relaxed); // own: both
        } else {
            outstanding_elsewhere.fetch_add(change, relaxed); // count:
        }
    }

private:
    void release(size_class& from, std::size_t bytes) noexcept {
        while (from.top != from.bottom) {
            ::operator delete(*--from.top, bytes);
            outstanding_.store(outstanding_.load(relaxed) - 1, relaxed); // own: both
        }
        ::operator delete(static_cast<void*>(from.bottom));
        from = {};
    }

    static inline constinit spin_lock all_lock{};
    static inline constinit registration* all = nullptr;
    static inline constinit thread_local registration* alive = nullptr;

    thread_cache* mine_;
    registration* next_ = nullptr;
    atomic<std::int64_t> outstanding_{0};
};

// Makes room for more free blocks; false: there is enough, or none to be had.
bool frame_cache::grow(size_class& full) noexcept {
    const auto held = static_cast<std::size_t>(full.top - full.bottom);
    if (held >= cached_max || registration::of_thread() == nullptr) {
        return false;
    }
    const std::size_t room = std::max(2 * held, room_first);
    void** const larger = static_cast<void**>(::operator new(room * sizeof(void*), std::nothrow));
    if (larger == nullptr) {
        return false;
    }
    std::copy(full.bottom, full.top, larger);
    ::operator delete(static_cast<void*>(full.bottom));
    full = {.bottom = larger, .top = larger + held, .end = larger + room};
    return true;
}

void* frame_cache::allocate_slow(std::size_t bytes) {
    if (bytes <= size_max) {
        bytes = bytes_of(class_of(bytes));
    }
    void* const memory = ::operator new(bytes);
    registration::count(+1);
    return memory;
}

void frame_cache::deallocate_slow(void* memory, std::size_t bytes) noexcept {
    if (bytes <= size_max) {
        bytes = bytes_of(class_of(bytes));
#ifndef EDDY_FRAME_CACHE_OFF
        if (size_class& mine = local_.classes[class_of(bytes)]; grow(mine)) {
            *mine.top++ = memory;
            return;
        }
#endif
    }
    ::operator delete(memory, bytes);
    registration::count(-1);
}

void* frame_cache::allocate(std::size_t bytes, std::align_val_t align) {
    void* const memory = ::operator new(bytes, align);
    registration::count(+1);
    return memory;
}

void frame_cache::deallocate(void* memory, std::size_t bytes, std::align_val_t align) noexcept {
    ::operator delete(memory, bytes, align);
    registration::count(-1);
}

std::int64_t frame_cache::live_hint() noexcept {
    return registration::live();
}

} // namespace eddy::inline v0
