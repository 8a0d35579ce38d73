// process_pool.cpp — the queue of a process pool: what goes to which worker, cancels, the end.

#include "exec/process_pool.hpp"

#include "exec/checked_option.hpp"
#include "exec/refusals.hpp"
#include <eddy/base/cpu_count.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/core/report.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>

#include <sys/epoll.h>

namespace eddy::inline v0 {
namespace {

// A longer one waits for a worker of its own: it would keep memory and the ring for nothing.
constexpr std::size_t sent_ahead_bytes_max = std::size_t{64} * 1024;

std::size_t processes_or_default(std::size_t asked) {
    return asked != 0 ? checked_option("process_pool_options::processes_max", asked,
                                       process_pool_executor::processes_limit)
                      : cpu_count();
}

process_pool_options checked(process_pool_options options) {
    if (!std::has_single_bit(options.ring_bytes) || options.ring_bytes < 4096) {
        throw std::invalid_argument("process_pool_options::ring_bytes is " +
                                    std::to_string(options.ring_bytes) +
                                    "; it must be a power of two, from 4096");
    }
    (void)worker_start::checked_library();
    return options;
}

// Not when the pool is made: one with static storage is made in each worker process, too.
void check_that_workers_may_be_started() {
    if (worker_start::depth() >= process_pool_executor::depth_max) {
        throw broken_process_pool("a worker process of a worker process must not have a process "
                                  "pool: that has no end");
    }
    if (std::getenv(worker_variables::link) != nullptr) {
        throw broken_process_pool(
            "this is a worker process that has come to use a process pool: its main() must begin "
            "with eddy::serve_process_pool();");
    }
}

process_job& job_of(queued_job& of) noexcept {
    return static_cast<process_job&>(of);
}

} // namespace

process_pool::process_pool(process_pool_options options)
    : options_(checked(std::move(options))),
      processes_max_(processes_or_default(options_.processes_max)) {}

void process_pool::watch(int fd, std::uint64_t as) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = as;
    if (const std::error_code error = sys::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event)) {
        sys::throw_error("epoll_ctl", error.value());
    }
}

process_pool::~process_pool() {
    join();
}

// -- submitting --

void process_pool::post(job_pointer<> job, when_full then) {
    refuse_where_forked();
    const lock hold(lock_);
    check_open();
    const bool room = has_room();
    if (!room && then == when_full::refuse) {
        line_.throw_full();
    }
    take_on(job_of(*job));
    if (room) {
        enqueue(std::move(job));
    } else {
        line_.push(std::move(job));
    }
}

bool process_pool::admit(admission_op& who, when_full then) {
    refuse_where_forked();
    const lock hold(lock_);
    check_open();
    const bool room = has_room();
    if (!room && then == when_full::refuse) {
        return false;
    }
    take_on(job_of(who.job()));
    if (room) {
        enqueue(who.take_job());
    } else {
        line_.push(who);
    }
    return room;
}

bool process_pool::leave_line(admission_op& who) noexcept {
    {
        const lock hold(lock_);
        if (!line_.leave(who)) {
            return false;
        }
        settle_stage(job_of(who.job()));
    }
    who.job().unwatch();
    return true;
}

// Without the lock: some thread of the other process may have held it.
void process_pool::refuse_where_forked() const {
    if (forked()) {
        throw executor_shut_down(
            "a process pool does not work in a forked process: make a new one");
    }
}

void process_pool::check_open() const {
    if (!broken_.empty()) {
        throw broken_process_pool(broken_);
    }
    if (closing_) {
        throw executor_shut_down("the process pool takes no jobs after its shutdown");
    }
}

// From here on its deadline holds, and its future tells of a cancel.
void process_pool::take_on(process_job& job) {
    start_thread();
    if (job.deadline_ != clock::time_point::max()) {
        deadlines_.emplace(job.deadline_, &job);
    }
    job.watch(shared_from_this());
    if (job.deadline_ < wakes_at_) {
        call_thread();
    }
}

void process_pool::enqueue(job_pointer<> job) noexcept {
    queue_.push_back(job_of(*job.release()));
    ++queued_;
    feed();
}

// Jobs that have a place: those that no process has, and those that were sent ahead.
std::size_t process_pool::waiting() const noexcept {
    std::size_t out = queued_;
    for (const auto& each : workers_) {
        out += std::max<std::size_t>(each->jobs.size(), 1) - 1;
    }
    return out;
}

bool process_pool::has_room() const noexcept {
    return !line_.bounded() || waiting() < line_.queue_max();
}

void process_pool::start_thread() {
    if (!thread_.joinable()) {
        check_that_workers_may_be_started();
        workers_.reserve(processes_max_);
        epoll_ = owned_fd(sys::epoll_create1());
        bell_ = owned_fd(sys::eventfd());
        watch(bell_.get(), 0);
        const sys::blocked_signals block;
        thread_ = std::thread(&thread_main, shared_from_this());
    }
}

void process_pool::call_thread() noexcept {
    if (bell_ && !std::exchange(called_, true)) {
        sys::eventfd_write(bell_.get());
    }
}

// -- who gets what --

// As much of the queue as can be given away; and into the queue what has room there.
void process_pool::feed() noexcept {
    do {
        hand_out();
    } while (let_in());
}

bool process_pool::let_in() noexcept {
    if (line_.size() == 0 || !has_room()) {
        return false;
    }
    queue_.push_back(job_of(*line_.pop().release()));
    ++queued_;
    return true;
}

void process_pool::hand_out() noexcept {
    while (process_job* const next = queue_.front()) {
        worker_process* const to = worker_for(*next);
        if (wants_worker()) {
            call_thread();
        }
        if (to == nullptr) {
            return;
        }
        send(*to, *next);
        if (next->stage_ == process_job::stage::queued) {
            return; // out of memory: feed_again
        }
    }
}

// An idle one; where all are there and busy, one that will have room for a short job next.
worker_process* process_pool::worker_for(const process_job& job) noexcept {
    worker_process* second = nullptr;
    for (const auto& each : workers_) {
        if (!each->ready || each->retiring) {
            continue;
        }
        if (each->jobs.empty()) {
            return each.get();
        }
        if (each->jobs.size() == 1 && each->has_room()) {
            second = each.get();
        }
    }
    const bool all_there = workers_.size() == processes_max_ && starting_ == 0;
    return all_there && job.call_.size() <= sent_ahead_bytes_max ? second : nullptr;
}

void process_pool::send(worker_process& to, process_job& job) noexcept {
    try {
        to.send(job_ref(job)); // the queue's reference
    } catch (...) {
        job.keep(); // it was dropped, and was not the last one: the future has another
        feeds_again_at_ = clock::now() + rest_after_failure;
        call_thread();
        return;
    }
    job.unlink();
    --queued_;
    job.stage_ = process_job::stage::sent;
    const std::size_t most = options_.tasks_per_process_max;
    to.retiring = to.retiring || (most != 0 && to.jobs_taken >= most);
}

// It has nothing to do, and the queue is empty: what waits behind another job is for it.
void process_pool::hand_on(worker_process& to) noexcept {
    if (!to.ready || to.retiring || !to.jobs.empty()) {
        return;
    }
    for (const auto& each : workers_) {
        if (each->jobs.size() < 2) {
            continue;
        }
        process_job& last = *each->jobs.back();
        if (last.stage_ == process_job::stage::sent && each->withdraw(last)) {
            take_back(*each, last);
            send(to, last);
            feed(); // it has no place any more
            return;
        }
    }
}

// The newest job of `from`, which was withdrawn: to the front of the queue.
void process_pool::take_back(worker_process& from, process_job& last) noexcept {
    queue_again(last);
    from.jobs.pop_back();
}

// Kills the process that runs `begun`. If it has begun the next job, it has ended this one, and its
// result is on the way: then it is left alone.
void process_pool::kill_in(process_job& begun, const char* why) noexcept {
    worker_process& by = *begun.worker_;
    const auto withdraw = [&](process_job& next) {
        return next.stage_ != process_job::stage::settled && by.withdraw(next);
    };
    const auto back = [&](process_job& next) { take_back(by, next); };
    if (!withdraw_behind(begun, by.jobs, withdraw, back)) {
        return;
    }
    by.retiring = true; // it gets no more
    by.kill(why);
}

bool process_pool::wants_worker() const noexcept {
    return broken_.empty() && queued_ > starting_ && workers_.size() < processes_max_;
}

// -- taking a job out --

// In the queue, or for a place in it.
process_job* process_pool::next_waiting() noexcept {
    process_job* const next = queue_.front();
    return next != nullptr ? next : static_cast<process_job*>(line_.front());
}

job_ref process_pool::take_from_queue(process_job& job) noexcept {
    if (line_.remove(job).release() == nullptr) {
        job.unlink();
        --queued_;
    }
    settle_stage(job);
    return job_ref(job);
}

job_ref process_pool::take_from_worker(process_job& job) noexcept {
    auto& jobs = job.worker_->jobs;
    const auto at = std::ranges::find_if(jobs, [&](const job_ref& each) { return &*each == &job; });
    job_ref taken = std::move(*at);
    jobs.erase(at);
    settle_stage(job);
    return taken;
}

void process_pool::settle_stage(process_job& job) noexcept {
    job.stage_ = process_job::stage::settled;
    forget_deadline(job);
}

void process_pool::forget_deadline(process_job& job) noexcept {
    if (job.deadline_ != clock::time_point::max()) {
        deadlines_.erase({job.deadline_, &job});
    }
}

// By the pool itself or by a cancel.
void process_pool::job_done(job_pointer<> watched) noexcept {
    if (forked()) { // what it was sent to works for the other process
        return;
    }
    process_job& job = job_of(*watched);
    std::optional<job_ref> taken;
    const lock hold(lock_);
    if (job.stage_ == process_job::stage::queued) {
        taken.emplace(take_from_queue(job));
        feed();
    } else if (job.stage_ == process_job::stage::sent) {
        worker_process& by = *job.worker_;
        if (by.withdraw(job)) {
            taken.emplace(take_from_worker(job));
            feed();
        } else if (job.on_cancel_ == job_cancel::kills_process) {
            settle_stage(job);
            kill_in(job, "its job was cancelled");
            feed();
        }
    }
    if (closing_) {
        call_thread();
    }
}

void process_pool::settlements::fail(job_ref job, std::exception_ptr error) noexcept {
    job->failure_ = std::move(error);
    failed_.push_back(job.release());
}

void process_pool::settlements::now() noexcept {
    while (process_job* const next = failed_.pop_front()) {
        const job_ref job(*next);
        if (job->failure_ == nullptr) {
            job->settle_cancelled();
        } else {
            job->settle_error(std::exchange(job->failure_, nullptr));
        }
    }
}

// -- the end --

void process_pool::take_all_pending(settlements& into) noexcept {
    while (process_job* const next = next_waiting()) {
        into.cancel(take_from_queue(*next));
    }
    for (const auto& each : workers_) {
        while (!each->jobs.empty()) {
            process_job& last = *each->jobs.back();
            if (last.stage_ != process_job::stage::sent || !each->withdraw(last)) {
                break;
            }
            into.cancel(take_from_worker(last));
        }
    }
}

void process_pool::close(pending what) noexcept {
    settlements dropped;
    bool none = false;
    {
        const lock hold(lock_);
        closing_ = true;
        cancelling_ = cancelling_ || what == pending::cancel;
        if (cancelling_) {
            take_all_pending(dropped);
        }
        none = !thread_.joinable();
        at_end_ = at_end_ || none;
        call_thread();
    }
    dropped.now();
    if (none) {
        (void)ended_.try_set_value();
    }
}

void process_pool::end_by(clock::time_point when) noexcept {
    const lock hold(lock_);
    grace_ends_ = std::min(grace_ends_, when);
    call_thread();
}

void process_pool::wait_for_end() noexcept {
    lock hold(lock_);
    no_worker_left_.wait(hold, [this] { return at_end_; });
}

void process_pool::kill_all() noexcept {
    std::vector<std::string> refusing;
    {
        const lock hold(lock_);
        try {
            refusing = names_of_busy();
        } catch (const std::bad_alloc&) { // killed without being named
        }
        for (const auto& each : workers_) {
            each->kill("it ran longer than the grace period of a shutdown");
        }
    }
    report_refusals(std::move(refusing));
}

std::vector<std::string> process_pool::names_of_busy() const {
    std::vector<std::string> out;
    for (const auto& each : workers_) {
        if (!each->jobs.empty()) {
            out.push_back("still running after the grace period of a shutdown, and killed: "
                          "process " +
                          each->name() + " (pid " + std::to_string(each->pid()) + ") in " +
                          each->jobs.front()->function_->name());
        }
    }
    return out;
}

void process_pool::join() noexcept {
    std::thread ended;
    {
        const lock hold(lock_);
        ended.swap(thread_);
    }
    if (ended.joinable() && runs_here()) {
        ended.detach(); // a callback of a job lets go of the pool: the thread goes on alone
    } else if (ended.joinable()) {
        ended.join();
    }
}

// -- how much there is --

std::size_t process_pool::processes() const {
    const lock hold(lock_);
    return workers_.size();
}

std::vector<int> process_pool::pids() const {
    std::vector<int> out;
    const lock hold(lock_);
    for (const auto& each : workers_) {
        out.push_back(each->pid());
    }
    return out;
}

std::size_t process_pool::queued() const {
    const lock hold(lock_);
    return waiting() + line_.size();
}

} // namespace eddy::inline v0
