// worker_idle.cpp — what a worker does when it has nothing to run: search, park, and look after its
// siblings.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/core/fork_group.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace eddy::inline v0 {
namespace {

constexpr int search_rounds = 3;
constexpr int pauses_between_looks = 40; // about a microsecond
constexpr std::uint32_t skip_offers_max = 1U << 16U;
// Stolen work that lasts less is not worth the lines that move for it: in all, for each item, and
// for each step of it, where a step that short does nothing but make others ready.
constexpr clock::duration theft_pays = std::chrono::microseconds(20);
constexpr clock::duration item_pays = std::chrono::microseconds(1);
constexpr clock::duration step_pays = std::chrono::nanoseconds(100);
constexpr clock::duration poll_every = std::chrono::milliseconds(1);
constexpr unsigned steps_after_sleep = 8; // nobody knows yet how long the steps are

void pause_a_little() noexcept {
    for (int i = 0; i != pauses_between_looks; ++i) {
        native_sync::pause();
    }
}

} // namespace

// Every few steps: timers, descriptors, and siblings that may be stuck while nobody sleeps.
void worker::maintain() noexcept {
    const clock::time_point now = runtime_.now();
    (void)fire_timers(now);
    // hint: set before the wait was armed, by this worker or by one that notifies it
    if (polls_.load(relaxed)) {
        (void)reactor_.poll(clock::duration::zero(), ready_capacity);
    }
    pace(now);
    if (!alone_ && now - looked_at_ >= poll_every) {
        looked_at_ = now;
        if (!runtime_.become_watcher()) {
            return;
        }
        if (look_after(now) == clock::duration::zero()) {
            (void)runtime_.wake_one(); // one that fell asleep meanwhile saw a watcher, and is none
        } else if (!search()) {
            stop_search(found::something); // what others left to this search has to be looked for
        }
    }
}

// Long steps: fewer of them between two polls. A timer or descriptor waits for about a millisecond,
// or for two steps.
void worker::pace(clock::time_point now) noexcept {
    const clock::duration lasted = now - std::exchange(polled_at_, now);
    if (lasted <= poll_every) {
        steps_between_polls_ = std::min(2 * steps_between_polls_, steps_between_polls_max);
    } else {
        const auto fitting = static_cast<unsigned>(steps_between_polls_ * poll_every / lasted);
        steps_between_polls_ = std::max(fitting, steps_between_polls_min);
    }
}

bool worker::fire_timers(clock::time_point now) noexcept {
    if (wheel_.next_deadline_hint() > now) {
        return false;
    }
    timer_list due;
    if (wheel_.expire(now, due) == 0) {
        return false;
    }
    timer_wheel::fire(due);
    return true;
}

bool worker::serve(clock::time_point now) noexcept {
    const bool fired = fire_timers(now);
    return reactor_.poll(clock::duration::zero(), ready_capacity, reactor::poller::sibling) != 0 ||
           fired;
}

// Tells one sleeping worker that there is something to steal, unless that has not been worth it
// lately.
void worker::offer() noexcept {
    if (skip_offers_ != 0) {
        --skip_offers_;
        return;
    }
    const std::uint32_t skipped = offers_skipped_.load(relaxed); // hint: thieves reset it
    skip_offers_ = skipped;
    if (runtime_.wake_one()) {
        // hint: see above
        offers_skipped_.store(std::min(2 * skipped + 16, skip_offers_max), relaxed);
    }
}

void worker::note_theft(const theft& what) noexcept {
    if (what.lasted >= theft_pays && what.lasted >= what.items * item_pays &&
        what.lasted >= what.steps * step_pays) {
        offers_skipped_.store(0, relaxed); // hint: offers come again at once
    }
}

// -- stealing --

bool worker::give_away(worker& thief, patience how) noexcept {
    if (forks().has_public_hint()) {
        const std::int64_t age = forks().age_hint();
        if (how == patience::let_owner_try) {
            pause_a_little(); // what the owner is about to take itself is not worth the way
        }
        if (forks().age_hint() == age) {
            if (fork_group* const group = forks().steal().value) {
                thief.run_loot(*group, 1, *this);
                return true;
            }
        }
    }
    return give_ready(thief, how) || give_list(thief, backlog_.take(ready_capacity / 2)) ||
           give_list(thief, inbox_.take_all());
}

bool worker::give_ready(worker& thief, patience how) noexcept {
    if (how == patience::let_owner_try && ready_.size_hint() < 2) {
        return false;
    }
    std::array<runnable*, ready_capacity / 2> loot{};
    const std::size_t count = ready_.steal_half(loot.data(), loot.size());
    for (std::size_t i = 1; i < count; ++i) {
        thief.queue(*loot[i]);
    }
    if (count != 0) {
        thief.run_loot(*loot[0], count, *this);
    }
    return count != 0;
}

bool worker::give_list(worker& thief, runnable* list) noexcept {
    if (list == nullptr) {
        return false;
    }
    std::uint64_t items = 0;
    for (const runnable* each = list; each != nullptr; each = each->inbox_next) {
        ++items;
    }
    thief.run_loot(*thief.refill(list), items, *this);
    return true;
}

template <typename Item>
void worker::run_loot(Item& first, std::uint64_t items, worker& victim) noexcept {
    end_theft();
    robbed_ = &victim;
    stolen_at_ = clock::now();
    stolen_ = {.items = items, .steps = steps()};
    stop_search(found::something);
    if constexpr (std::is_same_v<Item, fork_group>) {
        run_group(first);
    } else {
        run_any(first);
    }
}

// What was stolen has been run: its victim learns whether that was worth it.
void worker::end_theft() noexcept {
    if (robbed_ != nullptr) {
        robbed_->note_theft({.items = stolen_.items,
                             .steps = steps() - stolen_.steps,
                             .lasted = clock::now() - stolen_at_});
        robbed_ = nullptr;
    }
}

void worker::stop_search(found what) noexcept {
    if (!searching_) {
        return;
    }
    searching_ = false;
    if (runtime_.idle().stop_search() && what == found::something) {
        (void)runtime_.wake_one();
    }
}

// Looks for work at the siblings. True: it has run some, or there is some here.
bool worker::search() noexcept {
    end_theft();
    if (alone_) {
        return false;
    }
    searching_ = searching_ || runtime_.idle().start_search();
    if (!searching_) {
        return false;
    }
    const patience how =
        std::exchange(rescuing_, false) ? patience::immediate : patience::let_owner_try;
    for (int round = 0; round != search_rounds; ++round) {
        const auto first = static_cast<unsigned>(random_.below(runtime_.size()));
        bool all_asleep = true;
        for (unsigned i = 0; i != runtime_.size(); ++i) {
            worker& victim = runtime_.at((first + i) % runtime_.size());
            if (&victim == this) {
                continue;
            }
            if (victim.give_away(*this, how)) {
                return true;
            }
            all_asleep = all_asleep && victim.asleep();
        }
        if (has_work() || !runtime_.running()) {
            stop_search(found::something);
            return true;
        }
        if (all_asleep) { // there will be nothing before one of them is woken, and searches itself
            return false;
        }
        pause_a_little();
    }
    return false;
}

// A job of an executor may be over in a moment: then to sleep and be woken takes longer than the
// job. True: there is something here.
bool worker::look_for_results() noexcept {
    if (runtime_.virtual_time() || !runtime_.outside()->any()) {
        return false;
    }
    stop_search(found::nothing); // it looks at its own queues alone
    return results_.look([this] { return has_work() || !runtime_.running(); });
}

// -- sleeping --

bool worker::anything_to_do() noexcept {
    if (has_work() || !runtime_.running()) {
        return true;
    }
    for (unsigned i = 0; i != runtime_.size(); ++i) {
        if (i != index_ && runtime_.at(i).has_surplus()) {
            return true;
        }
    }
    return false;
}

void worker::park() noexcept {
    token_.prepare();
    runtime_.idle().announce(index_);
    stop_search(found::nothing);
    asleep_.store(true, relaxed); // hint: a sleeper is not stuck
    if (!anything_to_do()) {
        block();
    }
    asleep_.store(false, relaxed); // hint: see above
    (void)token_.finish();
    searching_ = !runtime_.idle().retract(index_);
    if (has_work()) {
        if (searching_) { // who works must not count as searching: producers rely on searchers
            stop_search(found::something);
        } else if (!alone_ && !runtime_.watched()) {
            (void)runtime_.wake_one();
        }
    }
}

void worker::block() noexcept {
    runtime_.enter_sleep();
    if (runtime_.virtual_time() && runtime_.claim_quiescence()) {
        if (runtime_.advance_time()) {
            return;
        }
        runtime_.enter_sleep();
    }
    const bool watches = !alone_ && !runtime_.all_asleep() && runtime_.become_watcher();
    clock::duration limit = runtime_.virtual_time()
                                ? reactor::forever
                                : time_until(wheel_.next_deadline(), runtime_.now());
    const clock::time_point begun = clock::now();
    if (watches) {
        runtime_.begin_looking(*this);
        limit = std::min(limit, watch_period_);
    }
    block_for(limit);
    runtime_.leave_sleep();
    const clock::time_point now = runtime_.now();
    polled_at_ = now;
    tick_ = 0;
    steps_between_polls_ = std::min(steps_between_polls_, steps_after_sleep);
    (void)fire_timers(now);
    if (watches) {
        watch_again(begun, limit, look_after(now));
    } else if (alert(begun)) {
        watch_period_ = watch_min;
    }
}

// Where loops do get stuck, they do so in what they have just begun: after each change the first
// look is early. Elsewhere that would wake a sleeper for each little thing that another one does.
void worker::watch_again(clock::time_point begun, clock::duration limit,
                         clock::duration stuck_for) noexcept {
    const clock::time_point now = clock::now();
    if (stuck_for != clock::duration::zero()) {
        alert_until_ = now + alert_for;
        watch_period_ = std::clamp(stuck_for / rescue_part, rescue_min, rescue_max);
    } else if (alert(now) && now - begun < limit) {
        watch_period_ = watch_min;
    } else {
        watch_period_ = std::min(2 * watch_period_, watch_max);
    }
}

void worker::block_for(clock::duration limit) noexcept {
    deadlock_watch& deadlocks = runtime_.deadlocks();
    const bool suspicious = limit == reactor::forever && deadlocks.suspect();
    if (has_work()) { // from whoever was told, on this thread: nothing has woken its worker
        return;
    }
    if (!suspicious) {
        (void)wait_for_events(limit);
        return;
    }
    const clock::time_point begun = clock::now();
    const std::size_t came = wait_for_events(deadlock_watch::patience);
    if (came == 0 && clock::now() - begun >= deadlock_watch::patience) {
        deadlocks.confirm();
    }
}

// In virtual time who has taken an event must not count as asleep: the clock would jump before what
// the event makes ready is queued.
std::size_t worker::wait_for_events(clock::duration limit) noexcept {
    if (!runtime_.virtual_time()) {
        return reactor_.poll(limit, ready_capacity);
    }
    if (!reactor_.wait_until_ready(limit)) {
        return 0;
    }
    runtime_.leave_sleep();
    const std::size_t came = reactor_.poll(clock::duration::zero(), ready_capacity);
    runtime_.enter_sleep();
    return came;
}

// The watcher's look. What a stuck sibling has ready is taken by the search that follows, as a
// theft: this worker is no watcher then, and wakes its successor, since the loot may keep it too.
clock::duration worker::look_after(clock::time_point now) noexcept {
    const clock::duration stuck_for = runtime_.look_after(*this, now);
    rescuing_ = stuck_for != clock::duration::zero();
    runtime_.resign_as_watcher();
    return stuck_for;
}

} // namespace eddy::inline v0
