// counting_sync.hpp — a Sync policy that counts how often a cache line changes owner.
//
// Its atomics have the size and place of the real ones, so the layout of the class under test is
// the real one. One thread plays all workers in turn: line_counter::run_as says which one accesses
// memory. The protocol is MESI's: a write wants the only copy of the line, a read wants a copy.

#pragma once

#include <atomic>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace eddy::model {

class line_counter {
public:
    static constexpr unsigned workers_max = 64;

    /// From here on `worker` accesses memory.
    static void run_as(unsigned worker) noexcept { worker_ = worker; }
    static std::uint64_t transfers() noexcept { return transfers_; }
    static void forget() {
        lines_.clear();
        transfers_ = 0;
    }

    static void read(const void* where) {
        copies& here = line_of(where);
        transfers_ += here.test(worker_) ? 0 : 1;
        here.set(worker_);
    }
    static void write(const void* where) {
        copies& here = line_of(where);
        copies mine;
        mine.set(worker_);
        transfers_ += here == mine ? 0 : 1;
        here = mine;
    }

private:
    using copies = std::bitset<workers_max>;
    static constexpr std::size_t line_size = 64;

    static copies& line_of(const void* where) {
        return lines_[reinterpret_cast<std::uintptr_t>(where) / line_size];
    }

    static inline std::unordered_map<std::uintptr_t, copies> lines_;
    static inline unsigned worker_ = 0;
    static inline std::uint64_t transfers_ = 0;
};

struct counting_sync {
    template <class T>
    class atomic;
    template <class T>
    class var;

    static void pause() noexcept {}
};

template <class T>
class counting_sync::atomic {
public:
    atomic() noexcept = default;
    atomic(T initial) noexcept : value_(initial) {}
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;

    using order = std::memory_order;

    T load(order) const {
        line_counter::read(this);
        return value_;
    }
    void store(T value, order) { write() = value; }
    T exchange(T value, order) {
        const T old = value_;
        write() = value;
        return old;
    }
    bool compare_exchange_strong(T& expected, T desired, order, order) {
        T& current = write(); // the hardware takes the line whether or not the values agree
        const bool equal = current == expected;
        (equal ? current : expected) = equal ? desired : current;
        return equal;
    }
    bool compare_exchange_weak(T& expected, T desired, order success, order failure) {
        return compare_exchange_strong(expected, desired, success, failure);
    }
    T fetch_add(T value, order how) { return exchange(static_cast<T>(value_ + value), how); }
    T fetch_sub(T value, order how) { return exchange(static_cast<T>(value_ - value), how); }
    T fetch_or(T value, order how) { return exchange(static_cast<T>(value_ | value), how); }
    T fetch_and(T value, order how) { return exchange(static_cast<T>(value_ & value), how); }

private:
    T& write() {
        line_counter::write(this);
        return value_;
    }

    alignas(sizeof(T)) T value_{};
};

template <class T>
class counting_sync::var {
public:
    var() noexcept = default;
    var(T value) noexcept : value_(value) {}
    var(const var&) = delete;
    operator T() const {
        line_counter::read(this);
        return value_;
    }
    var& operator=(T value) {
        line_counter::write(this);
        value_ = value;
        return *this;
    }
    var& operator=(const var&) = delete;

private:
    T value_{};
};

} // namespace eddy::model
