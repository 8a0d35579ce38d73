// deadlock.cpp — looks for hope, and for words.

#include "sched/deadlock.hpp"

#include "base/thread_state.hpp"
#include "sched/runtime_core.hpp"
#include <eddy/core/await_chain.hpp>

#include <algorithm>
#include <string>
#include <unordered_map>

namespace eddy::inline v0 {
namespace {

using waits = std::unordered_map<const task_base*, std::vector<const task_base*>>;

void add_edges(const await_chain& chain, std::vector<const task_base*>& to) {
    for (const any_task& each : chain.tasks) {
        to.push_back(each.base());
    }
    if (chain.holder != nullptr) {
        to.push_back(chain.holder);
    }
    for (const await_chain& each : chain.children) {
        add_edges(each, to);
    }
}

// Who waits for whom, among those that have not ended: a holder may be an address and no more.
waits waits_of(const std::vector<any_task>& tasks) {
    waits out;
    for (const any_task& each : tasks) {
        add_edges(capture_await_chain(each), out[each.base()]);
    }
    for (auto& [from, to] : out) {
        std::erase_if(to, [&](const task_base* each) { return !out.contains(each); });
    }
    return out;
}

// Walks along who waits for whom, and stops where it has been before.
class circle_search {
public:
    explicit circle_search(const waits& of) : waits_(of) {}

    /// The tasks of a circle through `start`'s way, each waiting for the next one; empty: none.
    std::vector<const task_base*> from(const task_base* start) {
        struct step {
            const task_base* at;
            std::size_t next = 0;
        };
        std::vector<step> way;
        if (visited_[start]) {
            return {};
        }
        visited_[start] = true;
        way.push_back({start});
        while (!way.empty()) {
            const auto& to = waits_.at(way.back().at);
            if (way.back().next == to.size()) {
                way.pop_back();
                continue;
            }
            const task_base* const target = to[way.back().next++];
            const auto seen = std::ranges::find(way, target, &step::at);
            if (seen != way.end()) {
                std::vector<const task_base*> circle;
                std::transform(seen, way.end(), std::back_inserter(circle),
                               [](const step& each) { return each.at; });
                return circle;
            }
            if (!std::exchange(visited_[target], true)) {
                way.push_back({target});
            }
        }
        return {};
    }

private:
    const waits& waits_;
    std::unordered_map<const task_base*, bool> visited_;
};

// "Task-1 waits for Task-2, which waits for Task-1"; empty if nobody waits in a circle.
std::string circle_in(const std::vector<any_task>& tasks) {
    const waits all = waits_of(tasks);
    circle_search search(all);
    for (const any_task& each : tasks) {
        const std::vector<const task_base*> circle = search.from(each.base());
        if (circle.empty()) {
            continue;
        }
        std::string out = circle.front()->name() + " waits for ";
        for (std::size_t i = 1; i != circle.size(); ++i) {
            out += circle[i]->name() + ", which waits for ";
        }
        return out + circle.front()->name();
    }
    return {};
}

std::string first_line(std::size_t tasks, hope left) {
    if (tasks == 0) {
        return "deadlock: no task is left, and nothing that could start one";
    }
    const std::string who =
        tasks == 1 ? "the only task" : "all " + std::to_string(tasks) + " tasks";
    return left == hope::none
               ? "deadlock: " + who + (tasks == 1 ? " waits" : " wait") +
                     ", and nothing can wake one"
               : "possible deadlock: " + who + (tasks == 1 ? " waits" : " wait") +
                     ", and nothing in this runtime can wake one; only another thread could";
}

} // namespace

bool deadlock_watch::something_is_armed() noexcept {
    if (outside_.load(relaxed) > 0) { // count: see expect_outside
        return true;
    }
    for (unsigned i = 0; i != runtime_.size(); ++i) {
        worker& each = runtime_.at(i);
        if (each.wheel().next_deadline() != clock::time_point::max() ||
            each.descriptors().any_armed()) {
            return true;
        }
    }
    return false;
}

hope deadlock_watch::hope_left() noexcept {
    if (something_is_armed() || runtime_.outside()->any()) {
        return hope::some;
    }
    const std::size_t own = runtime_.threads();
    return living_threads(own) > own ? hope::from_other_threads : hope::none;
}

std::uint64_t deadlock_watch::steps() const noexcept {
    std::uint64_t sum = 0;
    for (unsigned i = 0; i != runtime_.size(); ++i) {
        sum += runtime_.at(i).steps();
    }
    return sum;
}

// Queues first, then who sleeps: a worker that has taken something meanwhile is awake, or has made
// a step.
bool deadlock_watch::is_silent(std::uint64_t steps) noexcept {
    for (unsigned i = 0; i != runtime_.size(); ++i) {
        if (runtime_.at(i).has_work()) {
            return false;
        }
    }
    return runtime_.all_asleep() && this->steps() == steps && runtime_.running();
}

bool deadlock_watch::suspect() noexcept {
    const bool patient = runtime_.options().deadlock == runtime_options::on_deadlock::report;
    if (!runtime_.all_asleep() || runtime_.task_count() == 0 || something_is_armed() ||
        (patient && posted_.load(relaxed))) { // hint: one report too many, the first time
        return false;
    }
    const std::uint64_t now = steps();
    if (now == told_at_.load(relaxed)) { // count: one tells
        return false;
    }
    suspected_at_.store(now, relaxed); // count: whoever confirms compares it with what it sees
    // Looked at again after the threads: one may have posted, and ended. With a job outside there
    // is hope, and its thread may just have posted what it was waited for, and be about to end it.
    if (is_silent(now) && hope_left() == hope::none && is_silent(now)) {
        tell(now, hope::none);
        return false;
    }
    return true; // also if it was not silent for a moment only: nobody else may look again
}

void deadlock_watch::confirm() noexcept {
    const std::uint64_t now = steps();
    if (now != suspected_at_.load(relaxed)) { // count: see suspect
        return;
    }
    if (const hope left = hope_left(); left != hope::some && is_silent(now)) {
        tell(now, left);
    }
}

void deadlock_watch::tell(std::uint64_t steps, hope left) noexcept {
    if (told_at_.exchange(steps, relaxed) == steps) { // count: the first one tells
        return;
    }
    try {
        report found = report_of(left);
        if (runtime_.options().deadlock == runtime_options::on_deadlock::stop) {
            runtime_.stop_in_deadlock(std::move(found));
        } else {
            emit(found);
        }
    } catch (...) { // out of memory: the report is lost, the program is not
    }
}

void deadlock_watch::begin_run() noexcept {
    if (runtime_.options().deadlock == runtime_options::on_deadlock::stop) {
        told_at_.store(never, relaxed); // own: nothing runs
    }
}

report deadlock_watch::report_of(hope left) {
    const std::vector<any_task> tasks = runtime_.all_tasks();
    std::string text = first_line(tasks.size(), left) + "\n" + format_tasks(tasks);
    if (const std::string circle = circle_in(tasks); !circle.empty()) {
        text += "circle: " + circle + "\n";
    }
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    return {.kind = report_kind::deadlock,
            .message = std::move(text),
            .task_name = {},
            .site = {},
            .error = nullptr};
}

} // namespace eddy::inline v0
