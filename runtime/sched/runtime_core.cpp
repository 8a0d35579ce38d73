// runtime_core.cpp — threads, the phases of a runtime, virtual time, and who is stuck.

#include "sched/runtime_core.hpp"

#include "base/thread_stack.hpp"
#include "base/thread_state.hpp"
#include "sched/simulator.hpp"
#include <eddy/base/cpu_count.hpp>
#include <eddy/base/random.hpp>
#include <eddy/base/syscall.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>

#include <dlfcn.h>

namespace eddy::inline v0 {

bool switched_on(const char* variable) noexcept {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets it
    const char* const value = std::getenv(variable);
    return value != nullptr && *value != '\0' && std::strcmp(value, "0") != 0;
}

namespace {

// The runtimes of the process, for whoever asks what its tasks wait for.
constinit std::mutex list_lock;
constinit runtime_core* newest = nullptr;

constexpr unsigned workers_simulated = 4;

// What the program asked for together with what the environment did.
runtime_options completed(runtime_options options) {
    // One that libeddy_worker.so has turned around never comes to its main: then this is a runtime
    // with static storage.
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a worker process takes it out before it runs jobs
    if (std::getenv("EDDY_WORKER_PROCESS") != nullptr &&
        ::dlsym(RTLD_DEFAULT, "eddy_worker_is_turned") == nullptr) {
        throw std::logic_error(
            "this is a worker process of a process pool that has come to start a runtime: its "
            "main() must begin with eddy::serve_process_pool(); and a program that contains "
            "libeddy must not have a runtime with static storage");
    }
    options.debug = options.debug || switched_on("EDDY_DEBUG");
    options.virtual_time = options.virtual_time || switched_on("EDDY_VIRTUAL_TIME");
    if (!options.simulation && switched_on("EDDY_SIMULATE")) {
        options.simulation = simulation_options{.seed = process_seed()};
    }
    if (options.simulation) {
        options.virtual_time = true;
        options.workers = options.workers != 0 ? options.workers : workers_simulated;
    }
    return options;
}

unsigned worker_count(const runtime_options& options) {
    if (options.workers > workers_max) {
        throw std::invalid_argument("runtime_options::workers is " +
                                    std::to_string(options.workers) + "; at most " +
                                    std::to_string(workers_max) + " can be had");
    }
    return options.workers != 0 ? options.workers : static_cast<unsigned>(cpu_count());
}

clock::duration slow_step_of(const runtime_options& options) noexcept {
    if (options.slow_step > clock::duration::zero()) {
        return options.slow_step;
    }
    return options.debug ? clock::duration(std::chrono::milliseconds(100))
                         : std::chrono::seconds(1);
}

} // namespace

constinit atomic<std::uint32_t> runtime_core::forks_{0};

// In the child there are no threads but this one. If it was in a task, that must not go on: others
// of its worker's tasks would follow, and do in the child what they do in the parent as well.
void runtime_core::in_forked_child() noexcept {
    forks_.store(forks_.load(relaxed) + 1, relaxed); // own: both, the only thread
    if (worker* const mine = worker::current()) {
        mine->set_forked();
        mine->runtime().phase_.store(phase::forked, relaxed); // own: the only thread
    }
}

runtime_core::runtime_core(runtime_options options)
    : options_(completed(std::move(options))), slow_step_(slow_step_of(options_)),
      virtual_clock_(options_.virtual_time ? std::make_unique<virtual_clock_source>() : nullptr),
      clock_(virtual_clock_ ? static_cast<const clock_source*>(virtual_clock_.get()) : &steady_),
      idle_(worker_count(options_)), count_(worker_count(options_)), looks_(count_) {
    static const bool told = (sys::at_fork_in_child(&in_forked_child), true);
    (void)told;
    for (unsigned i = 0; i != count_; ++i) {
        workers_.push_back(std::make_unique<worker>(*this, i, count_));
    }
    if (options_.debug) {
        (void)enable_thread_stacks(); // without, reports have no stacks
    }
    if (options_.simulation) {
        numbers_.emplace();
        simulator_ = std::make_unique<simulator>(*this, *options_.simulation);
    } else {
        start_threads();
    }
    enter_list();
}

runtime_core::~runtime_core() {
    EDDY_ASSERT(closed_.load(relaxed)); // own: the driver
}

void runtime_core::begin_close() noexcept {
    closing_.store(true, relaxed); // hint: after a stop that missed it the driver goes on
    const std::lock_guard hold(gate_);
    accepts_ = false;
}

void runtime_core::close() noexcept {
    leave_list();
    end_threads();
    outside_->close();
    while (pausers_.load(seq_cst) != 0) { // P7
        sys::sched_yield();
    }
    if (task_count() == 0) {
        for (const auto& each : workers_) {
            each->close();
        }
        for (const auto& each : workers_) {
            each->discard_all();
        }
        const std::lock_guard hold(gate_);
        workers_.clear();
    }
    closed_.store(true, release); // P6
}

// The calling thread is worker 0; the others get one each, with all signals blocked.
void runtime_core::start_threads() {
    const sys::blocked_signals block;
    try {
        for (unsigned i = 1; i != size(); ++i) {
            threads_.emplace_back([this, i] { thread_main(at(i)); });
        }
    } catch (...) {
        end_threads();
        throw;
    }
}

void runtime_core::thread_main(worker& mine) noexcept {
    if (debug()) {
        allow_own_stack();
    }
    for (;;) {
        const phase seen = phase_.load(acquire); // P1
        if (seen == phase::closed) {
            return;
        }
        if (seen == phase::forked) {
            std::fputs("eddy: a task that called fork() went on in the child; there it has to end "
                       "in exec or _exit\n",
                       stderr);
            std::abort();
        }
        if (seen == phase::paused) {
            phase_.wait(phase::paused, acquire); // P1
            continue;
        }
        active_.fetch_add(1, seq_cst); // P2
        mine.run();
        active_.fetch_sub(1, seq_cst); // P2
        active_.notify_all();
    }
}

void runtime_core::run() {
    if (pause_requested_.exchange(false, acq_rel)) { // P1
        return;
    }
    deadlocks_.begin_run();
    driven_.store(true, relaxed);          // hint: for errors
    phase_.store(phase::running, seq_cst); // P1
    phase_.notify_all();
    if (pause_requested_.exchange(false, acq_rel)) { // P1
        pause();
    }
    if (simulator_ != nullptr) {
        simulator_->run();
    } else {
        at(0).run();
    }
    check_not_forked();
    // The phase is paused: whoever still enters its loop leaves it at once.
    for (;;) {
        const std::uint32_t left = active_.load(seq_cst); // P2
        if (left == 0) {
            break;
        }
        active_.wait(left, acquire); // P2
    }
    pause_requested_.store(false, relaxed); // own: the driver
    driven_.store(false, relaxed);          // hint: for errors
}

void runtime_core::check_not_forked() const {
    if (forked()) {
        throw runtime_closed("a runtime does not work in a forked process: make a new one there");
    }
}

void runtime_core::stop() noexcept {
    if (!closing_.load(relaxed) && !forked()) { // hint: see begin_close
        pause();
    }
}

std::size_t runtime_core::turn() {
    driven_.store(true, relaxed); // hint: for errors
    const std::size_t steps = at(0).turn();
    check_not_forked();
    driven_.store(false, relaxed); // hint: for errors
    return steps;
}

void runtime_core::pause() noexcept {
    pausers_.fetch_add(1, seq_cst); // P7
    request_pause();
    pausers_.fetch_sub(1, seq_cst); // P7
}

void runtime_core::request_pause() noexcept {
    phase running = phase::running;
    if (!phase_.compare_exchange_strong(running, phase::paused, seq_cst, acquire)) { // P1; fail: P1
        pause_requested_.store(true, seq_cst);                                       // P1
        return;
    }
    for (const auto& each : workers_) {
        each->notify();
    }
}

void runtime_core::end_threads() noexcept {
    phase_.store(phase::closed, seq_cst); // P1
    phase_.notify_all();
    for (std::thread& each : threads_) {
        each.join();
    }
    threads_.clear();
}

bool runtime_core::wake_one() noexcept {
    const int index = idle_.claim_wake();
    if (index < 0) {
        return false;
    }
    at(static_cast<unsigned>(index)).notify();
    return true;
}

void runtime_core::launch_from_outside(worker* on, task_base& state, const task_options& options) {
    if (forked()) {
        state.refuse();
        check_not_forked();
    }
    {
        const std::lock_guard hold(gate_);
        const worker* const here = worker::current();
        const bool inside = here != nullptr && &here->runtime() == this;
        if (!accepts_ && !inside) {
            state.refuse();
            throw runtime_closed("the runtime is closing");
        }
        worker& home = on != nullptr ? *on : at(0);
        placement* const where = options.pinned && size() > 1 ? &home.pinned() : nullptr;
        if (context_scope::current() != nullptr) {
            state.enter_copy();
        }
        state.start(home, options, where, home.tasks());
    }
    state.root().schedule();
}

std::vector<any_task> runtime_core::all_tasks() {
    std::vector<any_task> out;
    const std::lock_guard hold(gate_);
    for (const auto& each : workers_) {
        each->tasks().collect(out);
    }
    return out;
}

void runtime_core::enter_list() noexcept {
    const std::lock_guard hold(list_lock);
    older_ = std::exchange(newest, this);
}

void runtime_core::leave_list() noexcept {
    const std::lock_guard hold(list_lock);
    runtime_core** at = &newest;
    while (*at != this) {
        at = &(*at)->older_;
    }
    *at = older_;
}

// The lock keeps the runtimes from going; their tasks stay by reference.
std::vector<any_task> runtime_core::all_tasks_of_all() {
    const std::lock_guard hold(list_lock);
    std::vector<any_task> out;
    for (runtime_core* at = newest; at != nullptr; at = at->older_) {
        for (const auto& each : at->workers_) {
            each->tasks().collect(out);
        }
    }
    return out;
}

std::size_t runtime_core::task_count() const noexcept {
    std::size_t sum = 0;
    for (const auto& each : workers_) {
        sum += each->tasks().size();
    }
    return sum;
}

// -- virtual time --

bool runtime_core::advance_time() noexcept {
    const bool takes_real_time = outside_->any(); // before the queues: a job posts, then is over
    for (const auto& each : workers_) {
        if (each->has_work() || each->serve(now())) {
            return true;
        }
    }
    // P3: one that has taken its work is not asleep any more
    if (sleeping_.load(seq_cst) != size() - 1) {
        return true;
    }
    if (takes_real_time || !advance_to_next_timer()) {
        return false;
    }
    for (const auto& each : workers_) {
        (void)each->serve(now());
    }
    return true;
}

bool runtime_core::advance_to_next_timer() noexcept {
    clock::time_point next = clock::time_point::max();
    for (const auto& each : workers_) {
        next = std::min(next, each->wheel().next_deadline());
    }
    if (next == clock::time_point::max()) {
        return false;
    }
    virtual_clock_->advance_to(next);
    return true;
}

void runtime_core::stop_in_deadlock(report found) noexcept {
    deadlock_ = std::move(found.message);
    pause();
}

void runtime_core::throw_if_deadlocked() {
    if (!deadlock_.empty()) {
        throw deadlock_error(std::exchange(deadlock_, {}));
    }
}

// -- siblings --

void runtime_core::begin_looking(const worker& helper) noexcept {
    for (unsigned i = 0; i != size(); ++i) {
        const worker& sibling = at(i);
        if (&sibling != &helper && !sibling.asleep() &&
            looks_[i].since == clock::time_point::max()) {
            looks_[i] = {.steps = sibling.steps(), .since = clock::now()};
        }
    }
}

clock::duration runtime_core::look_after(worker& helper, clock::time_point now) noexcept {
    clock::duration stuck_for = clock::duration::zero();
    for (unsigned i = 0; i != size(); ++i) {
        worker& sibling = at(i);
        last_look& last = looks_[i];
        const std::uint64_t steps = sibling.steps();
        const clock::time_point real = clock::now();
        if (&sibling == &helper || sibling.asleep()) {
            last = {.steps = steps, .since = clock::time_point::max()};
            continue;
        }
        const std::uint64_t ended = steps - last.steps;
        const clock::duration lasted = time_until(real, last.since);
        if (ended != 0 || last.since == clock::time_point::max()) {
            last = {.steps = steps, .since = real};
        }
        if (lasted < stuck_after * (ended + 1)) {
            continue;
        }
        if (lasted < waits_max && state_of_thread(sibling.thread()) == thread_state::waits) {
            continue;
        }
        stuck_for = std::max(stuck_for, lasted);
        if (ended == 0 && lasted >= slow_step_ / 4) {
            const clock::duration kept = kept_by(sibling, real);
            if (kept >= slow_step_ && sibling.claim_slow_report(steps)) {
                report_slow(find(sibling.running()), kept, sibling.thread());
            }
        }
        (void)sibling.serve(now);
    }
    return stuck_for;
}

// How long a step has lasted, without the time in which others had the processors: that is not the
// step's doing. What was before the first call for it counts for no more than a quarter of a slow
// step: nobody had a processor, or this one would have looked earlier.
clock::duration runtime_core::kept_by(const worker& sibling, clock::time_point now) noexcept {
    if (state_of_thread(sibling.thread()) == thread_state::waits) { // not counted until it is over
        return clock::duration::zero();
    }
    last_look& last = looks_[sibling.index()];
    const clock::duration waited = time_without_processor(sibling.thread());
    if (last.counted_at == clock::time_point::max()) {
        last.counted_at = now;
        last.kept = slow_step_ / 4;
        last.waited = waited;
    }
    return last.kept + (now - last.counted_at) - (waited - last.waited);
}

// The task at an address, if it is still there: only its registry may follow the pointer.
any_task runtime_core::find(const task_base* address) noexcept {
    for (const auto& each : workers_) {
        if (any_task found = each->tasks().find(address); found.valid()) {
            return found;
        }
    }
    return {};
}

void runtime_core::report_slow(const any_task& task, clock::duration lasted, int thread) noexcept {
    stalls_.fetch_add(1, relaxed); // count:
    try {
        const bool has_stack = debug() && thread != no_thread;
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(lasted).count();
        const std::string who = task.valid() ? to_string(task) : std::string("a callback");
        emit({.kind = report_kind::slow_step,
              .message = who + " has kept its loop for " + std::to_string(ms) +
                         " ms without awaiting; give blocking calls a thread of their own" +
                         (has_stack ? stack_of(thread) : std::string()),
              .task_name = task.valid() ? task.name() : std::string(),
              .site = task.valid() ? task.creation_site() : std::source_location(),
              .error = nullptr});
    } catch (...) { // out of memory: the report is lost, the program is not
    }
}

} // namespace eddy::inline v0
