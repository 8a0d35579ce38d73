// simulator.cpp — which worker goes on, with what, and what happens when none can.

#include "sched/simulator.hpp"

#include "sched/deadlock.hpp"
#include "sched/runtime_core.hpp"
#include <eddy/base/syscall.hpp>
#include <eddy/core/fork_group.hpp>
#include <eddy/core/report.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>
#include <utility>

#include <poll.h>

namespace eddy::inline v0 {
namespace {

constexpr unsigned turn_after = 61;      // as a real worker
constexpr std::uint64_t passed_over = 8; // how far behind the head of a queue the next may be
constexpr unsigned slowness_bits = 4;    // the slowest worker gets an eighth of the fastest's turns
constexpr std::uint64_t time_passes_every = 16;
constexpr std::size_t events_max = 256;

// std::shuffle may differ from library to library; a seed has to mean the same everywhere.
template <typename T>
void shuffle(std::span<T> items, random_source& random) noexcept {
    for (std::size_t left = items.size(); left > 1; --left) {
        std::swap(items[left - 1], items[static_cast<std::size_t>(random.below(left))]);
    }
}

template <typename T>
std::vector<T*> taken_out(intrusive_list<T>& list) {
    std::vector<T*> out;
    while (T* const each = list.pop_front()) {
        out.push_back(each);
    }
    return out;
}

// Timers of equal deadline have no order, unless there is one worker only.
void shuffle_ties(timer_list& due, random_source& random) {
    std::vector<timer_node*> nodes = taken_out(due);
    for (std::size_t first = 0; first != nodes.size();) {
        std::size_t last = first;
        while (last != nodes.size() && nodes[last]->deadline() == nodes[first]->deadline()) {
            ++last;
        }
        shuffle(std::span(nodes).subspan(first, last - first), random);
        first = last;
    }
    std::ranges::for_each(nodes, [&](timer_node* each) { due.push_back(*each); });
}

} // namespace

simulator::simulator(runtime_core& runtime, simulation_options options)
    : runtime_(runtime), options_(std::move(options)), random_(options_.seed) {
    if (!options_.on_step && switched_on("EDDY_TRACE")) {
        options_.on_step = [](const simulated_step& each) {
            std::fprintf(stderr, "%s\n", to_string(each).c_str());
        };
    }
    told_ = static_cast<bool>(options_.on_step);
    for (unsigned i = 0; i != runtime.size(); ++i) {
        weights_.push_back(1U << random_.below(slowness_bits));
        weight_of_all_ += weights_.back();
    }
}

void simulator::run() {
    while (runtime_.running()) {
        const bool jobs = runtime_.outside()->any(); // before the queues: a job posts, then is over
        if (options_.time == simulation_options::time_passes::at_any_time &&
            random_.below(time_passes_every) == 0 && !jobs) {
            (void)pass_time();
        }
        if (step()) {
            continue;
        }
        if (jobs) {
            wait_for_jobs();
        } else if (!pass_time() && !wait_outside()) {
            runtime_.stop_in_deadlock(runtime_.deadlocks().report_of(hope::none));
        }
    }
    worker::leave_thread();
}

unsigned simulator::pick_worker() noexcept {
    std::uint64_t at = random_.below(weight_of_all_);
    unsigned index = 0;
    while (at >= weights_[index]) {
        at -= weights_[index++];
    }
    return index;
}

// Has one worker do something. False: there is nothing for anybody to do at this time.
bool simulator::step() {
    const unsigned first = alone() ? 0 : pick_worker();
    for (unsigned i = 0; i != runtime_.size(); ++i) {
        worker& mine = runtime_.at((first + i) % runtime_.size());
        mine.enter_thread();
        if (alone() ? act_alone(mine) : act(mine)) {
            return true;
        }
    }
    return false;
}

bool simulator::act(worker& mine) {
    const std::uint64_t first = random_.below(sources);
    for (std::uint64_t i = 0; i != sources; ++i) {
        if (take_from(static_cast<source>((first + i) % sources), mine)) {
            return true;
        }
    }
    return false;
}

// In the order of a real worker that has no siblings: forks, ready; now and then the other way
// round.
bool simulator::act_alone(worker& mine) {
    if (++steps_since_turn_ == turn_after) {
        steps_since_turn_ = 0;
        mine.take_in(mine.inbox_.take_all());
        if (fire_timers(mine, mine) || deliver(mine, mine) ||
            run_if_any(mine, mine, take_oldest(mine))) {
            return true;
        }
    }
    return run_if_any(mine, mine, mine.forks().pop()) ||
           run_if_any(mine, mine, take_oldest(mine)) || fire_timers(mine, mine) ||
           deliver(mine, mine);
}

bool simulator::take_from(source where, worker& mine) {
    switch (where) {
    case source::fork:
        return run_if_any(mine, mine, mine.forks().pop());
    case source::ready:
        return run_if_any(mine, mine, take_ready(mine));
    case source::pinned:
        return run_if_any(mine, mine, mine.pinned_.pop());
    case source::inbox:
        mine.take_in(mine.inbox_.take_all());
        return run_if_any(mine, mine, take_ready(mine));
    case source::sibling:
        return rob_somebody(mine);
    case source::timers:
        return any_of_all([&](worker& of) { return fire_timers(mine, of); });
    case source::descriptors:
        return any_of_all([&](worker& of) { return deliver(mine, of); });
    }
    __builtin_unreachable();
}

template <typename Act>
bool simulator::any_of_all(Act act) {
    const auto first = static_cast<unsigned>(random_.below(runtime_.size()));
    for (unsigned i = 0; i != runtime_.size(); ++i) {
        if (act(runtime_.at((first + i) % runtime_.size()))) {
            return true;
        }
    }
    return false;
}

// -- taking --

runnable* simulator::take_oldest(worker& mine) noexcept {
    runnable* const item = mine.ready_.pop_alone();
    return item != nullptr ? item : mine.next_rare();
}

// The order of what is ready is nobody's to rely on: the first ones may be passed over.
runnable* simulator::take_ready(worker& from) noexcept {
    const std::uint64_t size = from.ready_.size_hint();
    if (size > 1) {
        for (auto left = random_.below(std::min(size, passed_over)); left != 0; --left) {
            if (runnable* const item = from.ready_.pop()) {
                from.queue(*item);
            }
        }
    }
    if (runnable* const item = from.ready_.pop()) {
        return item;
    }
    runnable* const list = from.backlog_.take(worker::ready_capacity);
    return list == nullptr ? nullptr : from.refill(list);
}

bool simulator::rob_somebody(worker& mine) {
    return any_of_all([&](worker& victim) { return &victim != &mine && rob(mine, victim); });
}

bool simulator::rob(worker& mine, worker& victim) {
    const std::uint64_t first = random_.below(3);
    for (std::uint64_t i = 0; i != 3; ++i) {
        const std::uint64_t what = (first + i) % 3;
        if (what == 0 && run_if_any(mine, victim, victim.forks().steal().value)) {
            return true;
        }
        if (what == 1 && run_if_any(mine, victim, take_half(mine, victim))) {
            return true;
        }
        if (what == 2) {
            mine.take_in(victim.inbox_.take_all());
            mine.take_in(victim.backlog_.take(worker::ready_capacity / 2));
            if (run_if_any(mine, victim, take_ready(mine))) {
                return true;
            }
        }
    }
    return false;
}

// One of the oldest half of what is ready at `victim`; the others become ready here.
runnable* simulator::take_half(worker& mine, worker& victim) noexcept {
    std::array<runnable*, worker::ready_capacity / 2> loot{};
    const std::size_t count = victim.ready_.steal_half(loot.data(), loot.size());
    if (count == 0) {
        return nullptr;
    }
    shuffle(std::span(loot).first(count), random_);
    for (std::size_t i = 1; i != count; ++i) {
        mine.queue(*loot[i]);
    }
    return loot[0];
}

bool simulator::run_if_any(worker& mine, worker& from, runnable* item) {
    if (item == nullptr) {
        return false;
    }
    if (told_) {
        simulated_step told{.worker = mine.index(), .from = from.index()};
        if (item->what() == runnable::kind::branch) {
            const auto& ready = static_cast<branch&>(*item);
            told.task = any_task(state_ref<task_base>::share(&ready.task()));
            told.site = ready.leaf()->site();
        } else {
            told.what = item->what() == runnable::kind::callback ? simulated_step::kind::callback
                                                                 : simulated_step::kind::job;
        }
        tell(std::move(told));
    }
    mine.run_any(*item);
    return true;
}

bool simulator::run_if_any(worker& mine, worker& from, fork_group* group) {
    if (group == nullptr) {
        return false;
    }
    if (told_) {
        tell({.what = simulated_step::kind::fork,
              .worker = mine.index(),
              .from = from.index(),
              .task = any_task(state_ref<task_base>::share(&group->task())),
              .site = group->parent().leaf()->site()});
    }
    mine.run_group(*group);
    return true;
}

// -- timers and descriptors --

bool simulator::fire_timers(worker& mine, worker& of) {
    timer_list due;
    if (of.wheel().next_deadline_hint() > runtime_.now() ||
        of.wheel().expire(runtime_.now(), due) == 0) {
        return false;
    }
    if (!alone()) {
        shuffle_ties(due, random_);
    }
    tell(mine, of, simulated_step::kind::timers);
    timer_wheel::fire(due);
    return true;
}

bool simulator::deliver(worker& mine, worker& of) {
    return of.descriptors().any_armed() && poll(mine, of);
}

bool simulator::poll(worker& mine, worker& of) {
    fd_wait_list ready;
    of.descriptors().take_ready(clock::duration::zero(), events_max, reactor::poller::owner, ready);
    if (ready.empty()) {
        return false;
    }
    std::vector<fd_wait*> waits = taken_out(ready);
    std::ranges::sort(waits, {}, &fd_wait::descriptor); // not in whatever order the kernel had
    shuffle(std::span(waits), random_);
    std::ranges::for_each(waits, [&](fd_wait* each) { ready.push_back(*each); });
    tell(mine, of, simulated_step::kind::descriptors);
    (void)reactor::call(ready);
    return true;
}

// -- when nobody can do anything --

bool simulator::pass_time() {
    if (!runtime_.advance_to_next_timer()) {
        return false;
    }
    tell({.what = simulated_step::kind::time});
    return true;
}

// Blocks until something comes from outside, or the last job is over.
void simulator::wait_for_jobs() {
    prepare_to_wait();
    if (runtime_.outside()->any() && !anything_posted()) {
        (void)poll_outside(sys::forever);
    }
    end_wait();
}

// Blocks until something comes from outside. False: nothing can.
bool simulator::wait_outside() {
    prepare_to_wait();
    const hope left = runtime_.deadlocks().hope_left();
    bool came = anything_posted(); // looked at last: a thread may have posted, and ended
    if (!came && left != hope::none) {
        came = poll_outside(left == hope::some ? sys::forever : deadlock_watch::patience) != 0;
    }
    end_wait();
    return came || left == hope::some;
}

void simulator::prepare_to_wait() noexcept {
    for (unsigned i = 0; i != runtime_.size(); ++i) {
        runtime_.at(i).token_.prepare();
    }
}

void simulator::end_wait() {
    for (unsigned i = 0; i != runtime_.size(); ++i) {
        worker& each = runtime_.at(i);
        (void)each.token_.finish();
        each.enter_thread();
        (void)poll(each, each); // takes its interrupts as well
    }
}

bool simulator::anything_posted() const noexcept {
    bool found = !runtime_.running();
    for (unsigned i = 0; i != runtime_.size(); ++i) {
        found = found || runtime_.at(i).has_work();
    }
    return found;
}

std::size_t simulator::poll_outside(clock::duration limit) {
    std::vector<pollfd> fds;
    for (unsigned i = 0; i != runtime_.size(); ++i) {
        fds.push_back({.fd = runtime_.at(i).descriptors().fd(), .events = POLLIN, .revents = 0});
    }
    const clock::time_point until = deadline_after(clock::now(), limit);
    for (;;) { // a signal ends a poll too
        const clock::duration rest = time_until(until, clock::now());
        const std::size_t ready = sys::poll(fds, rest);
        if (ready != 0 || rest == clock::duration::zero()) {
            return ready;
        }
    }
}

// -- what it tells --

void simulator::tell(worker& mine, worker& from, simulated_step::kind what) noexcept {
    tell({.what = what, .worker = mine.index(), .from = from.index()});
}

void simulator::tell(simulated_step what) noexcept {
    if (!told_) {
        return;
    }
    what.now = runtime_.now();
    try {
        options_.on_step(what);
    } catch (...) {
        emit_callback_failure("on_step", std::current_exception());
    }
}

} // namespace eddy::inline v0
