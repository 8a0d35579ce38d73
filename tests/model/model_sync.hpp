// model_sync.hpp — the Sync policy of the explorer: each access is scheduled, recorded and checked.

#pragma once

#include "explorer.hpp"

#include <cstring>
#include <type_traits>

namespace eddy::model {

template <class T>
bits to_bits(T value) noexcept {
    static_assert(sizeof(T) <= sizeof(bits) && std::is_trivially_copyable_v<T>);
    bits result = 0;
    std::memcpy(&result, &value, sizeof value);
    return result;
}

template <class T>
T from_bits(bits value) noexcept {
    T result;
    std::memcpy(&result, &value, sizeof result);
    return result;
}

struct model_sync {
    template <class T>
    class atomic;
    template <class T>
    class var;

    static void pause() { explorer::current().pause(); }
};

template <class T>
class model_sync::atomic {
public:
    atomic() : atomic(T{}) {}
    atomic(T initial) : where_(explorer::current().create(to_bits(initial))) {}
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;

    T load(order how, site from = site::current()) const {
        return from_bits<T>(explorer::current().load(where_, how, from));
    }
    void store(T value, order how, site from = site::current()) {
        explorer::current().store(where_, to_bits(value), how, from);
    }
    bool compare_exchange_strong(T& expected, T desired, order how, order on_failure,
                                 site from = site::current()) {
        bits seen = to_bits(expected);
        const bool done = explorer::current().compare_exchange(where_, seen, to_bits(desired), how,
                                                               on_failure, from);
        expected = from_bits<T>(seen);
        return done;
    }
    // Spurious failures are not modelled: they only repeat a loop.
    bool compare_exchange_weak(T& expected, T desired, order how, order on_failure,
                               site from = site::current()) {
        return compare_exchange_strong(expected, desired, how, on_failure, from);
    }
    T exchange(T value, order how, site from = site::current()) {
        return update([](T, T operand) { return operand; }, value, how, from);
    }
    T fetch_add(T value, order how, site from = site::current()) {
        return update([](T old, T operand) { return static_cast<T>(old + operand); }, value, how,
                      from);
    }
    T fetch_sub(T value, order how, site from = site::current()) {
        return update([](T old, T operand) { return static_cast<T>(old - operand); }, value, how,
                      from);
    }
    T fetch_or(T value, order how, site from = site::current()) {
        return update([](T old, T operand) { return static_cast<T>(old | operand); }, value, how,
                      from);
    }
    T fetch_and(T value, order how, site from = site::current()) {
        return update([](T old, T operand) { return static_cast<T>(old & operand); }, value, how,
                      from);
    }

private:
    template <class Combine>
    T update(Combine, T value, order how, const site& from) {
        const auto next = [](bits old, bits operand) {
            return to_bits(Combine{}(from_bits<T>(old), from_bits<T>(operand)));
        };
        return from_bits<T>(
            explorer::current().read_modify_write(where_, next, to_bits(value), how, from));
    }

    location_id where_;
};

template <class T>
class model_sync::var {
public:
    var() : var(T{}) {}
    var(T value) : value_(value) { explorer::current().write(accesses_); }
    operator T() const {
        explorer::current().read(accesses_);
        return value_;
    }
    var& operator=(T value) {
        explorer::current().write(accesses_);
        value_ = value;
        return *this;
    }
    var(const var&) = delete;
    var& operator=(const var&) = delete;

private:
    T value_;
    mutable access_record accesses_;
};

/// An eventfd: set() from any thread, wait() blocks until it has been set, and takes the signal.
class event {
public:
    void set(site from = site::current()) { explorer::current().set_event(state_, from); }
    void wait(site from = site::current()) { explorer::current().wait_event(state_, from); }

private:
    explorer::wait_state state_;
};

} // namespace eddy::model
