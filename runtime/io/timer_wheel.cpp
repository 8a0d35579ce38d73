// timer_wheel.cpp — digits of a time, and what moves when they turn.

#include <eddy/base/assert.hpp>
#include <eddy/io/timer_wheel.hpp>

#include <algorithm>
#include <bit>
#include <mutex>

namespace eddy::inline v0 {

namespace {

constexpr std::int64_t never = clock::time_point::max().time_since_epoch().count();

constexpr std::int64_t ns_of(clock::time_point time) noexcept {
    return time.time_since_epoch().count();
}

} // namespace

timer_wheel::timer_wheel(clock::time_point start) noexcept
    : elapsed_(tick_of(ns_of(start))), next_(never) {}

timer_wheel::~timer_wheel() {
    EDDY_ASSERT(std::ranges::all_of(occupied_, [](std::uint64_t bits) { return bits == 0; }));
}

bool timer_wheel::insert(timer_node& node, clock::time_point deadline) noexcept {
    const std::lock_guard hold(lock_);
    EDDY_ASSERT(!node.in_wheel_);
    node.deadline_ = deadline;
    node.in_wheel_ = true;
    link(node);
    if (ns_of(deadline) >= next_.load(relaxed)) { // locked:
        return false;
    }
    next_.store(ns_of(deadline), seq_cst); // P1
    return true;
}

bool timer_wheel::cancel(timer_node& node) noexcept {
    const std::lock_guard hold(lock_);
    if (!node.in_wheel_) {
        return false;
    }
    node.in_wheel_ = false;
    node.unlink();
    const bool emptied = slots_[node.level_][node.slot_].empty();
    if (emptied) {
        occupied_[node.level_] &= ~(std::uint64_t{1} << node.slot_);
    }
    if (emptied || ns_of(node.deadline_) == next_.load(relaxed)) { // locked:
        next_is_stale_.store(true, relaxed); // hint: who misses it sleeps to an earlier time (I2)
    }
    return true;
}

std::size_t timer_wheel::expire(clock::time_point now, timer_list& due) noexcept {
    // hint: a node inserted just now is due at the next call, which next_deadline asks for
    if (ns_of(now) < next_.load(relaxed)) {
        return 0;
    }
    const std::lock_guard hold(lock_);
    const std::uint64_t target = std::max(tick_of(ns_of(now)), elapsed_);
    std::size_t taken = 0;
    place first{};
    while (first_occupied(first) && start_of(first) <= target) {
        elapsed_ = std::max(elapsed_, start_of(first));
        if (first.level > 0) {
            cascade(first);
            continue;
        }
        taken += take_due(first.slot, now, due);
        if (elapsed_ == target) {
            break; // what is left in this slot is due later in the current tick
        }
    }
    elapsed_ = target; // I1: every node left starts after it, so none changes its level
    refresh_next();
    return taken;
}

void timer_wheel::fire(timer_list& due) noexcept {
    while (timer_node* node = due.pop_front()) {
        node->fire_(*node);
    }
}

clock::time_point timer_wheel::next_deadline() noexcept {
    if (next_is_stale_.load(relaxed)) { // hint: at worst the answer is too early (I2)
        const std::lock_guard hold(lock_);
        refresh_next();
    }
    return clock::time_point(clock::duration(next_.load(seq_cst))); // P1
}

std::size_t timer_wheel::count() noexcept {
    const std::lock_guard hold(lock_);
    std::size_t nodes = 0;
    for (auto& level : slots_) {
        for (timer_list& slot : level) {
            slot.for_each([&](timer_node& /*node*/) noexcept { ++nodes; });
        }
    }
    return nodes;
}

std::uint64_t timer_wheel::tick_of(std::int64_t ns) noexcept {
    return ns <= 0 ? 0 : static_cast<std::uint64_t>(ns) >> tick_bits;
}

timer_wheel::place timer_wheel::place_of(std::uint64_t tick) const noexcept {
    const std::uint64_t at = std::max(tick, elapsed_); // overdue: in the current tick
    const std::uint64_t difference = at ^ elapsed_;
    const std::size_t level =
        difference == 0 ? 0 : (std::bit_width(difference) - 1) / std::size_t{digit_bits};
    return {.level = level, .slot = (at >> (level * digit_bits)) % slots_per_level};
}

std::uint64_t timer_wheel::start_of(place at) const noexcept {
    const std::size_t shift = at.level * digit_bits;
    const std::uint64_t above = elapsed_ >> (shift + digit_bits) << (shift + digit_bits);
    return above | (std::uint64_t{at.slot} << shift);
}

bool timer_wheel::first_occupied(place& found) const noexcept {
    for (std::size_t level = 0; level < levels; ++level) {
        // The nodes of a level agree with elapsed_ in all higher digits and, but for level 0,
        // exceed it in this one (I1): lower level, earlier time; lower bit, earlier time.
        if (occupied_[level] != 0) {
            found = {.level = level,
                     .slot = static_cast<std::size_t>(std::countr_zero(occupied_[level]))};
            return true;
        }
    }
    return false;
}

void timer_wheel::link(timer_node& node) noexcept {
    const place at = place_of(tick_of(ns_of(node.deadline_)));
    node.level_ = static_cast<std::uint8_t>(at.level);
    node.slot_ = static_cast<std::uint8_t>(at.slot);
    slots_[at.level][at.slot].push_back(node);
    occupied_[at.level] |= std::uint64_t{1} << at.slot;
}

void timer_wheel::cascade(place from) noexcept {
    timer_list moving(std::move(slots_[from.level][from.slot]));
    occupied_[from.level] &= ~(std::uint64_t{1} << from.slot);
    while (timer_node* node = moving.pop_front()) {
        link(*node);
        EDDY_ASSERT(node->level_ < from.level);
    }
}

std::size_t timer_wheel::take_due(std::size_t slot, clock::time_point now,
                                  timer_list& due) noexcept {
    timer_list batch;
    std::size_t taken = 0;
    bool sorted = true;
    slots_[0][slot].for_each([&](timer_node& node) noexcept {
        if (node.deadline_ > now) {
            return;
        }
        sorted = sorted && (batch.empty() || batch.back()->deadline_ <= node.deadline_);
        node.unlink();
        node.in_wheel_ = false;
        batch.push_back(node);
        ++taken;
    });
    if (slots_[0][slot].empty()) {
        occupied_[0] &= ~(std::uint64_t{1} << slot);
    }
    if (!sorted) {
        batch.stable_sort([](const timer_node& a, const timer_node& b) noexcept {
            return a.deadline_ < b.deadline_;
        });
    }
    due.splice_back(batch);
    return taken;
}

std::int64_t timer_wheel::earliest_in(place at) noexcept {
    timer_list& nodes = slots_[at.level][at.slot];
    std::int64_t earliest = never;
    std::size_t seen = 0;
    for (timer_node* node = nodes.front(); node != nullptr; node = nodes.next(*node)) {
        // Never a bound on level 0: it would be the start of the current tick, again and again.
        if (at.level > 0 && ++seen > exact_scan_max) {
            return static_cast<std::int64_t>(start_of(at) << tick_bits);
        }
        earliest = std::min(earliest, ns_of(node->deadline_));
    }
    return earliest;
}

void timer_wheel::refresh_next() noexcept {
    place first{};
    const std::int64_t next = first_occupied(first) ? earliest_in(first) : never;
    next_is_stale_.store(false, relaxed); // locked:
    next_.store(next, seq_cst);           // P1
}

} // namespace eddy::inline v0
