// memory.cpp — see memory.hpp.

#include "memory.hpp"

#include <algorithm>
#include <stdexcept>

namespace eddy::model {

void knowledge::join(const knowledge& other) noexcept {
    for (unsigned i = 0; i != locations_max; ++i) {
        newest[i] = std::max(newest[i], other.newest[i]);
    }
    for (unsigned i = 0; i != threads_max; ++i) {
        clock[i] = std::max(clock[i], other.clock[i]);
    }
}

void memory::reset(unsigned threads) noexcept {
    for (thread_id t = 0; t <= threads; ++t) {
        known_[t] = {};
        known_[t].clock[t] = 1;
        stale_[t] = {};
    }
    used_ = 0;
}

location_id memory::create(thread_id creator, bits initial) {
    if (used_ == locations_max) {
        throw std::length_error("model: the program has more than locations_max atomics");
    }
    location& made = locations_[used_];
    made.stores.clear();
    made.stores.push_back({.value = initial, .carried = {}});
    made.newest_seq_cst = 0;
    made.creator = creator;
    made.created = known_[creator].clock[creator];
    return used_++;
}

bool memory::initialized_for(thread_id reader, location_id where) const noexcept {
    return happened_before(locations_[where].creator, locations_[where].created, reader);
}

unsigned memory::newest(location_id where) const noexcept {
    return static_cast<unsigned>(locations_[where].stores.size()) - 1;
}

unsigned memory::oldest_readable(thread_id reader, location_id where, order how) const noexcept {
    const unsigned known = known_[reader].newest[where];
    return how == order::seq_cst ? std::max(known, locations_[where].newest_seq_cst) : known;
}

bits memory::value(location_id where, unsigned store) const noexcept {
    return locations_[where].stores[store].value;
}

bits memory::load(thread_id reader, location_id where, unsigned store, order how) noexcept {
    std::uint8_t& stale = stale_[reader][where];
    stale = store == newest(where) ? 0 : static_cast<std::uint8_t>(stale + 1);
    const store_record& read = locations_[where].stores[store];
    known_[reader].newest[where] = static_cast<std::uint16_t>(store);
    if (acquires(how)) {
        known_[reader].join(read.carried);
    }
    return read.value;
}

void memory::store(thread_id writer, location_id where, bits value, order how) {
    append(writer, where, {.value = value, .carried = {}}, how);
}

void memory::read_modify_write(thread_id who, location_id where, bits value, order how) {
    const unsigned replaced = newest(where);
    load(who, where, replaced, how);
    append(who, where, {.value = value, .carried = locations_[where].stores[replaced].carried},
           how);
}

void memory::append(thread_id writer, location_id where, store_record added, order how) {
    location& here = locations_[where];
    knowledge& known = known_[writer];
    const auto index = static_cast<std::uint16_t>(here.stores.size());
    known.newest[where] = index;
    if (releases(how)) {
        added.carried.join(known);
        ++known.clock[writer];
    }
    if (how == order::seq_cst) {
        here.newest_seq_cst = index;
    }
    here.stores.push_back(added);
}

unsigned memory::stale_in_row(thread_id reader, location_id where) const noexcept {
    return stale_[reader][where];
}

bool memory::read(thread_id who, access_record& data) const noexcept {
    data.read_clock[who] = known_[who].clock[who];
    return happened_before(data.writer, data.write_clock, who);
}

bool memory::write(thread_id who, access_record& data) const noexcept {
    bool ordered = happened_before(data.writer, data.write_clock, who);
    for (thread_id reader = 0; reader != threads_max; ++reader) {
        ordered = ordered && happened_before(reader, data.read_clock[reader], who);
    }
    data = {.writer = static_cast<std::uint16_t>(who),
            .write_clock = known_[who].clock[who],
            .read_clock = {}};
    return ordered;
}

void memory::give(thread_id from, knowledge& to) noexcept {
    to.join(known_[from]);
    ++known_[from].clock[from];
}

void memory::fork(thread_id parent, unsigned threads) noexcept {
    for (thread_id t = 1; t <= threads; ++t) {
        known_[t].join(known_[parent]);
    }
    ++known_[parent].clock[parent];
}

void memory::join(thread_id parent, unsigned threads) noexcept {
    for (thread_id t = 1; t <= threads; ++t) {
        known_[parent].join(known_[t]);
    }
}

} // namespace eddy::model
