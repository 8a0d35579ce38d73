// process_pool_thread.cpp — the thread of a process pool: it starts workers, reads their results,
// keeps deadlines and buries the dead.

#include "exec/process_pool.hpp"
#include "exec/worker_setup.hpp"
#include <eddy/core/errors.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

#include <sys/epoll.h>

namespace eddy::inline v0 {
namespace {

// Of one worker; then the others have their turn. What is short counts as `step_bytes` each time.
constexpr std::size_t turn_bytes = std::size_t{2} << 20;
constexpr std::size_t step_bytes = turn_bytes / 64;

// What epoll says: whose bell, or whose end. 0 is the bell of the pool itself.
constexpr std::uint64_t bell_of(const worker_process& of) noexcept {
    return of.id() * 2;
}
constexpr std::uint64_t end_of(const worker_process& of) noexcept {
    return of.id() * 2 + 1;
}

std::string text_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& caught) {
        return caught.what();
    } catch (...) {
        return "an unknown exception";
    }
}

// What `make` gives; without the memory for that, `plain`.
template <typename Make>
std::exception_ptr made_or(const std::exception_ptr& plain, Make make) noexcept {
    try {
        return std::make_exception_ptr(make());
    } catch (...) {
        return plain;
    }
}

std::string describe_end(const worker_process& dead, const sys::exit_result& end) {
    std::string out = "the process " + dead.name() + " (pid " + std::to_string(dead.pid()) + ") ";
    if (end.error) {
        out += "has ended, and its exit status is not known: ";
        out += sys::drops_children() ? "SIGCHLD is ignored in this process"
                                     : "something else in this process has waited for it";
    } else if (end.status < 0) {
        const char* const name = ::sigdescr_np(-end.status);
        out += "was ended by signal " + std::to_string(-end.status) + " (" +
               (name != nullptr ? name : "unknown") + ')';
    } else {
        out += "exited with status " + std::to_string(end.status);
    }
    if (!dead.killed_because().empty()) {
        out += ": " + dead.killed_because();
    }
    return out;
}

} // namespace

constinit thread_local const process_pool* process_pool::served = nullptr;

void process_pool::thread_main(const std::shared_ptr<process_pool>& of) noexcept {
    const service here(*of);
    sys::set_thread_name("eddy-procs");
    of->manage();
}

void process_pool::manage() noexcept {
    try {
        serve();
    } catch (...) {
        break_down(std::current_exception());
    }
    readers_.end();
    {
        const lock hold(lock_);
        at_end_ = true;
        no_worker_left_.notify_all();
    }
    (void)ended_.try_set_value();
}

void process_pool::serve() {
    lock hold(lock_);
    for (;;) {
        called_ = false;
        start_workers(hold);
        retire_idle();
        if (closing_ && queue_.empty() && workers_.empty()) {
            return;
        }
        hold.unlock();
        wait_for_news();
        read_all();
        expire();
        feed_again();
        end_grace();
        hold.lock();
    }
}

// Somebody has closed the descriptors of the pool, or there is no memory where nothing goes
// without.
void process_pool::break_down(const std::exception_ptr& why) noexcept {
    settlements lost;
    workers dead;
    {
        const lock hold(lock_);
        const auto error = break_for(
            [&] { return "the thread of the process pool cannot go on: " + text_of(why); });
        while (process_job* const next = next_waiting()) {
            lost.fail(take_from_queue(*next), error);
        }
        for (const auto& each : workers_) {
            for (; !each->jobs.empty(); each->jobs.pop_back()) {
                const job_ref job = each->jobs.back();
                if (job->stage_ == process_job::stage::sent) {
                    settle_stage(*job);
                    lost.fail(job, error);
                }
            }
        }
        dead.swap(workers_);
        starting_ = 0;
    }
    for (const auto& each : dead) {
        sys::kill_and_reap(each->pid());
    }
    lost.now();
}

// -- starting --

void process_pool::start_workers(lock& hold) {
    while (wants_worker() && starts_again_at_ <= clock::now()) {
        const std::uint64_t number = ++started_;
        ++starting_;
        std::unique_ptr<worker_process> made;
        std::exception_ptr failure;
        hold.unlock();
        try {
            made = started_worker(number);
        } catch (...) {
            failure = std::current_exception();
        }
        settlements failed;
        hold.lock();
        if (made != nullptr) {
            workers_.push_back(std::move(made)); // there is room: start_thread
        } else {
            --starting_;
            start_failed([&] { return text_of(failure); }, failed);
        }
        hold.unlock();
        failed.now();
        hold.lock();
    }
}

std::unique_ptr<worker_process> process_pool::started_worker(std::uint64_t number) const {
    worker_setup setup{.name = options_.name + '-' + std::to_string(number),
                       .memory_bytes_max = options_.memory_bytes_max,
                       .cpu_seconds_max = static_cast<std::uint64_t>(options_.cpu_time_max.count()),
                       .initializer = {}};
    if (options_.initializer) {
        const auto bytes = options_.initializer->bytes().bytes();
        setup.initializer.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    code_writer message;
    setup.encode(message);
    const auto kept = std::make_shared<const code_buffer>(message.take());
    auto out = std::make_unique<worker_process>(number, setup.name, options_.ring_bytes);
    try {
        out->send(message_kind::setup, 0, kept->bytes(), kept);
        watch(out->bell(), bell_of(*out));
        watch(out->pidfd(), end_of(*out));
    } catch (...) {
        sys::kill_and_reap(out->pid());
        throw;
    }
    return out;
}

template <typename Text>
void process_pool::start_failed(Text why, settlements& into) noexcept {
    ++failed_starts_;
    const bool others = std::ranges::any_of(workers_, [](const auto& each) { return each->ready; });
    if (others) { // they do it, and this thread has their results to read
        starts_again_at_ = clock::now() + rest_after_failure;
        return;
    }
    if (failed_starts_ < process_pool_executor::failed_starts_max) {
        return;
    }
    const auto error = break_for([&] {
        return "no worker process can be started; " + std::to_string(failed_starts_) +
               " in a row have failed, the last one because " + why();
    });
    while (process_job* const next = next_waiting()) {
        into.fail(take_from_queue(*next), error);
    }
}

// Gives the error of the jobs that are lost with the pool.
template <typename Text>
std::exception_ptr process_pool::break_for(Text why) noexcept {
    try {
        broken_ = why();
    } catch (...) {
        broken_ = "no memory"; // short: needs none
    }
    return made_or(no_memory_, [this] { return broken_process_pool(broken_); });
}

// A worker that has run as many jobs as it may, or that nobody needs any more, ends by itself.
void process_pool::retire_idle() noexcept {
    for (const auto& each : workers_) {
        const bool unneeded = closing_ && queue_.empty();
        if ((each->retiring || unneeded) && each->jobs.empty() && !each->closed()) {
            each->retiring = true;
            each->close();
        }
    }
}

// -- waiting --

void process_pool::wait_for_news() {
    std::array<epoll_event, 64> events;
    const clock::duration left = time_left();
    const bool sleeps = may_sleep();
    const std::size_t count =
        sys::epoll_pwait2(epoll_.get(), events, sleeps ? left : clock::duration::zero());
    for (const auto& each : workers_) {
        each->awake();
    }
    for (std::size_t i = 0; i != count; ++i) {
        look_at(events[i].data.u64);
    }
}

bool process_pool::may_sleep() noexcept {
    bool out = true;
    for (const auto& each : workers_) {
        out = each->may_sleep() && out;
    }
    return out;
}

clock::duration process_pool::time_left() {
    const lock hold(lock_);
    wakes_at_ = deadlines_.empty() ? grace_ends_ : std::min(grace_ends_, deadlines_.begin()->first);
    wakes_at_ = std::min(wakes_at_, feeds_again_at_);
    if (wants_worker()) {
        wakes_at_ = std::min(wakes_at_, starts_again_at_);
    }
    const clock::duration left = time_until(wakes_at_, clock::now());
    return wakes_at_ == clock::time_point::max() ? sys::forever : left;
}

void process_pool::look_at(std::uint64_t event) {
    if (event == 0) {
        (void)sys::eventfd_read(bell_.get());
        return;
    }
    const auto is_its = [&](const auto& each) { return each->id() == event / 2; };
    const auto at = std::ranges::find_if(workers_, is_its);
    if (at == workers_.end()) {
        return; // buried meanwhile
    }
    if (event == end_of(**at)) {
        bury(**at);
    } else {
        (void)sys::eventfd_read((*at)->bell());
    }
}

// -- results --

void process_pool::read_all() {
    for (const auto& each : workers_) {
        read_from(*each);
    }
    const lock hold(lock_);
    for (const auto& each : workers_) {
        each->pump();
    }
}

void process_pool::read_from(worker_process& from) {
    for (std::size_t read = 0; !from.deaf && read < turn_bytes;) {
        const std::size_t before = from.incoming().body().size();
        auto how = incoming_message::progress::none;
        try {
            how = from.receive();
        } catch (const std::bad_alloc&) {
            kill(from, "there is no memory for its result");
            return;
        }
        read += std::max(step_bytes, from.incoming().body().size() - before);
        switch (how) {
        case incoming_message::progress::none:
            return;
        case incoming_message::progress::some:
            break;
        case incoming_message::progress::whole:
            understand(from);
            from.reset_incoming();
            break;
        case incoming_message::progress::broken:
            kill(from, "what it has written makes no sense");
            break;
        }
    }
}

void process_pool::understand(worker_process& from) {
    switch (from.incoming().header().kind) {
    case message_kind::ready: {
        const lock hold(lock_);
        if (!std::exchange(from.ready, true)) {
            --starting_;
            failed_starts_ = 0;
            feed();
        }
        break;
    }
    case message_kind::start_failed:
        try {
            code_reader reader(from.incoming().body());
            from.start_error = text_of(registered_exception::decode(reader));
        } catch (const codec_error& error) {
            from.start_error = error.what();
        } catch (const std::bad_alloc&) { // it is not known what it threw
        }
        break;
    case message_kind::value:
    case message_kind::error:
        finish(from);
        break;
    default:
        kill(from, "it has sent what only a pool sends");
    }
}

void process_pool::finish(worker_process& from) {
    const message_header& header = from.incoming().header();
    lock hold(lock_);
    if (from.jobs.empty() || from.jobs.front()->number_ != header.number) {
        hold.unlock();
        kill(from, "it has answered what it was not asked");
        return;
    }
    const job_ref job = std::move(from.jobs.front());
    from.jobs.pop_front();
    const bool wanted = job->stage_ == process_job::stage::sent;
    if (wanted) {
        settle_stage(*job);
    }
    feed();
    hand_on(from);
    hold.unlock();
    if (!wanted || job->state().done()) {
        return;
    }
    if (from.incoming().body().size() < result_readers::bytes_min) {
        settle_with(*job, header.kind, from.incoming().body());
    } else {
        readers_.read(job, header.kind, from.take_incoming_body());
    }
}

void process_pool::kill(worker_process& liar, const char* why) {
    const lock hold(lock_);
    liar.deaf = true;
    liar.kill(why);
}

// -- deadlines --

void process_pool::expire() noexcept {
    const clock::time_point now = clock::now();
    settlements late;
    {
        const lock hold(lock_);
        while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
            process_job& job = *deadlines_.begin()->second;
            if (job.stage_ == process_job::stage::queued) {
                late.fail(take_from_queue(job), late_);
            } else if (job.worker_->withdraw(job)) {
                late.fail(take_from_worker(job), late_);
            } else {
                settle_stage(job);
                kill_in(job, "its job has not ended in time");
                job.keep();
                late.fail(job_ref(job), late_);
            }
        }
        feed();
    }
    late.now();
}

void process_pool::feed_again() noexcept {
    const lock hold(lock_);
    if (feeds_again_at_ <= clock::now()) {
        feeds_again_at_ = clock::time_point::max();
        feed();
    }
}

void process_pool::end_grace() noexcept {
    {
        const lock hold(lock_);
        if (clock::now() < grace_ends_) {
            return;
        }
        grace_ends_ = clock::time_point::max();
    }
    close(pending::cancel);
    kill_all();
}

// -- the dead --

void process_pool::bury(worker_process& dead) {
    const sys::exit_result end = dead.end();
    if (end.would_block()) {
        return;
    }
    while (dead.readable()) { // what it has said before
        read_from(dead);
    }
    (void)sys::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, dead.bell(), nullptr);
    (void)sys::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, dead.pidfd(), nullptr);
    settlements lost;
    std::unique_ptr<worker_process> body;
    {
        const lock hold(lock_);
        bury_jobs(dead, end, lost);
        const bool was_ready = dead.ready;
        const auto is_it = [&](const auto& each) { return each.get() == &dead; };
        const auto at = std::ranges::find_if(workers_, is_it);
        body = std::move(*at);
        workers_.erase(at);
        if (was_ready) {
            failed_starts_ = 0;
        } else {
            --starting_;
            if (!dead.retiring) {
                const auto why = [&] {
                    return dead.start_error.empty() ? describe_end(dead, end)
                                                    : "the initializer threw: " + dead.start_error;
                };
                start_failed(why, lost);
            }
        }
        feed();
    }
    lost.now();
}

void process_pool::bury_jobs(worker_process& dead, const sys::exit_result& end,
                             settlements& into) noexcept {
    while (!dead.jobs.empty()) { // the newest first: each goes to the front of the queue
        const job_ref job = std::move(dead.jobs.back());
        dead.jobs.pop_back();
        if (job->stage_ == process_job::stage::settled) {
            continue;
        }
        if (job->state().done()) { // cancelled: nobody wants it again
            settle_stage(*job);
            continue;
        }
        const bool begun = !dead.withdraw(*job);
        if (cancelling_ && !begun) {
            settle_stage(*job);
            into.cancel(job);
        } else if (!begun || (job->repeats_left_ != 0 && !cancelling_)) {
            job->repeats_left_ -= begun ? 1 : 0;
            queue_again(*job);
        } else {
            settle_stage(*job);
            into.fail(job, made_or(no_memory_, [&] {
                          return broken_process_pool(
                              describe_end(dead, end) + ", while it ran " + job->function_->name(),
                              end.error ? std::nullopt : std::optional(end.status));
                      }));
        }
    }
}

void process_pool::queue_again(process_job& job) noexcept {
    job.stage_ = process_job::stage::queued;
    job.worker_ = nullptr;
    job.keep(); // the queue's
    queue_.push_front(job);
    ++queued_;
}

} // namespace eddy::inline v0
