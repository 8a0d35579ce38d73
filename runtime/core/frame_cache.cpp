// frame_cache.cpp — the misses and overflows of the frame cache, and the end of a thread.

#include <eddy/base/atomic.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/core/frame_cache.hpp>

#include <mutex>
#include <new>

namespace eddy::inline v0 {

constinit thread_local frame_cache::thread_cache frame_cache::local_{};

namespace {
// Blocks got from operator new less blocks given back to it, and blocks kept by threads that ended:
// none.
constinit atomic<std::int64_t> outstanding{0};
} // namespace

// Gives a thread's blocks back when it ends, and knows all threads for live_hint.
class frame_cache::registration {
public:
    registration() : mine_(&local_) {
        const std::lock_guard hold(all_lock);
        next_ = all;
        all = this;
        for (size_class& each : mine_->classes) {
            each.limit = cached_max;
        }
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
        for (std::size_t i = 0; i != mine_->classes.size(); ++i) {
            release(mine_->classes[i], (i + 1) * class_bytes);
        }
    }

    static std::int64_t cached() noexcept {
        const std::lock_guard hold(all_lock);
        std::int64_t sum = 0;
        for (registration* at = all; at != nullptr; at = at->next_) {
            for (const size_class& each : at->mine_->classes) {
                sum += each.count;
            }
        }
        return sum;
    }

    static void ensure() {
        static thread_local registration self;
        (void)self;
    }

private:
    static void release(size_class& from, std::size_t bytes) noexcept {
        from.limit = 0;
        while (block* const next = from.free) {
            from.free = next->next;
            --from.count;
            outstanding.fetch_sub(1, relaxed); // count:
            ::operator delete(next, bytes);
        }
    }

    static inline constinit spin_lock all_lock{};
    static inline constinit registration* all = nullptr;

    thread_cache* mine_;
    registration* next_ = nullptr;
};

void* frame_cache::allocate_slow(std::size_t bytes) {
    if (bytes <= size_max) {
        bytes = (class_of(bytes) + 1) * class_bytes;
#ifndef EDDY_FRAME_CACHE_OFF
        registration::ensure();
#endif
    }
    void* const memory = ::operator new(bytes);
    outstanding.fetch_add(1, relaxed); // count:
    return memory;
}

void frame_cache::deallocate_slow(void* memory, std::size_t bytes) noexcept {
    if (bytes <= size_max) {
        bytes = (class_of(bytes) + 1) * class_bytes;
    }
    outstanding.fetch_sub(1, relaxed); // count:
    ::operator delete(memory, bytes);
}

std::int64_t frame_cache::live_hint() noexcept {
    return outstanding.load(relaxed) - registration::cached(); // count:
}

} // namespace eddy::inline v0
