// memory.hpp — the memory of a modelled program: which stores a load may read, and what it learns.
//
// Each location keeps all its stores in the order they were made. A thread knows, for each
// location, the newest store it may not go behind; a load may read that one or any newer one. A
// release store carries the knowledge of its thread, an acquire load takes it over; a
// read-modify-write passes on what the store it replaces carried (release sequence). A seq_cst load
// may not go behind the newest seq_cst store. Clocks order accesses to plain data.
//
// Invariants: I1  the modification order of a location is the order of execution
//                 (docs/design/explorer.md, Limits).
//             I2  the order of the seq_cst operations is the order of execution.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

namespace eddy::model {

inline constexpr unsigned threads_max = 8; // thread 0 builds the program and checks its end
inline constexpr unsigned locations_max = 96;

using thread_id = unsigned;
using location_id = std::uint32_t;
using bits = std::uint64_t; // any value of up to 8 bytes
using order = std::memory_order;

struct knowledge {
    std::array<std::uint16_t, locations_max>
        newest{};                                   // stores before these cannot be read any more
    std::array<std::uint16_t, threads_max> clock{}; // events up to these happened before

    void join(const knowledge& other) noexcept;
};

/// Plain data: who accessed it last.
struct access_record {
    std::uint16_t writer = 0;
    std::uint16_t write_clock = 0;
    std::array<std::uint16_t, threads_max> read_clock{};
};

class memory {
public:
    void reset(unsigned threads) noexcept;

    location_id create(thread_id creator, bits initial);
    bool initialized_for(thread_id reader, location_id where) const noexcept;

    /// Which stores may be read: indices [oldest_readable, newest].
    unsigned oldest_readable(thread_id reader, location_id where, order how) const noexcept;
    unsigned newest(location_id where) const noexcept;
    bits value(location_id where, unsigned store) const noexcept;

    bits load(thread_id reader, location_id where, unsigned store, order how) noexcept;
    void store(thread_id writer, location_id where, bits value, order how);
    /// Replaces the newest store.
    void read_modify_write(thread_id who, location_id where, bits value, order how);

    /// How often in a row the thread has read something else than the newest store of the location.
    unsigned stale_in_row(thread_id reader, location_id where) const noexcept;

    // Plain data. False: the access races with another one.
    bool read(thread_id who, access_record& data) const noexcept;
    bool write(thread_id who, access_record& data) const noexcept;

    // Hand-over through the kernel.
    void give(thread_id from, knowledge& to) noexcept;
    void take(thread_id to, const knowledge& from) noexcept { known_[to].join(from); }

    /// `parent` starts the threads, or has joined them.
    void fork(thread_id parent, unsigned threads) noexcept;
    void join(thread_id parent, unsigned threads) noexcept;

private:
    struct store_record {
        bits value;
        knowledge carried;
    };
    struct location {
        std::vector<store_record> stores;
        unsigned newest_seq_cst = 0;
        thread_id creator = 0;
        std::uint16_t created = 0;
    };

    bool happened_before(thread_id who, std::uint16_t clock, thread_id observer) const noexcept {
        return known_[observer].clock[who] >= clock;
    }
    void append(thread_id writer, location_id where, store_record added, order how);

    std::array<knowledge, threads_max> known_{};
    std::array<location, locations_max> locations_{};
    std::array<std::array<std::uint8_t, locations_max>, threads_max> stale_{};
    unsigned used_ = 0;
};

constexpr bool acquires(order how) noexcept {
    return how == order::acquire || how == order::acq_rel || how == order::seq_cst;
}
constexpr bool releases(order how) noexcept {
    return how == order::release || how == order::acq_rel || how == order::seq_cst;
}

} // namespace eddy::model
