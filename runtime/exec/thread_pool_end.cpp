// thread_pool_end.cpp — how a pool begins and ends, and how much there is of it.

#include "exec/checked_option.hpp"
#include "exec/refusals.hpp"
#include "exec/thread_pool.hpp"
#include "exec/type_text.hpp"
#include <eddy/base/syscall.hpp>
#include <eddy/core/report.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace eddy::inline v0 {
namespace {

// Between the process that loaded the library and this one.
constinit atomic<std::uint32_t> forks{0};

void in_forked_child() noexcept {
    forks.store(forks.load(relaxed) + 1, relaxed); // own: both, the only thread there is
}

std::size_t threads_from_environment() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets it
    const char* const text = std::getenv("EDDY_BLOCKING_THREADS");
    if (text == nullptr) {
        return thread_pool_executor::threads_default;
    }
    const char* const end = text + std::strlen(text);
    std::size_t threads = 0;
    const auto [stop, error] = std::from_chars(text, end, threads);
    if (error != std::errc() || stop != end || threads < 1 ||
        threads > thread_pool_executor::threads_limit) {
        throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                                "EDDY_BLOCKING_THREADS=" + std::string(text) +
                                    " is not a number from 1 to " +
                                    std::to_string(thread_pool_executor::threads_limit));
    }
    return threads;
}

std::size_t threads_or_default(std::size_t asked) {
    return asked != 0 ? checked_option("thread_pool_options::threads_max", asked,
                                       thread_pool_executor::threads_limit)
                      : threads_from_environment();
}

} // namespace

thread_pool::thread_pool(thread_pool_options options)
    : options_(std::move(options)), threads_max_(threads_or_default(options_.threads_max)),
      born_(forks.load(relaxed)) { // own: see in_forked_child
    static const bool told = (sys::at_fork_in_child(&in_forked_child), true);
    (void)told;
}

thread_pool::~thread_pool() {
    join();
    while (const auto left = take()) {
        left->cancel();
    }
}

bool thread_pool::forked() const noexcept {
    return born_ != forks.load(relaxed); // own: see in_forked_child
}

// -- the end --

void thread_pool::close(pending what) noexcept {
    places_.fetch_or(closed_bit, acq_rel); // P1
    while (what == pending::cancel) {
        const auto dropped = take();
        if (dropped == nullptr) {
            break;
        }
        dropped->cancel();
    }
    bool none = false;
    {
        const lock hold(lock_);
        for (member* each = idle_.front(); each != nullptr; each = idle_.next(*each)) {
            each->bell.notify_one();
        }
        none = live_ == 0 && at_end();
    }
    if (none) {
        (void)ended_.try_set_value();
    }
}

bool thread_pool::wait_for_end(clock::duration limit) noexcept {
    lock hold(lock_);
    return no_thread_left_.wait_for(hold, std::min(limit, for_ever),
                                    [this] { return abandoned_ || (live_ == 0 && at_end()); });
}

void thread_pool::join() noexcept {
    destroy_withdrawn(); // the last thread may have ended, having been idle, before there was any
    members to_join;
    {
        const lock hold(lock_);
        to_join.swap(ended_members_);
    }
    for (const auto& each : to_join) {
        each->thread.join();
    }
}

void thread_pool::abandon() noexcept {
    std::vector<std::string> refusing;
    {
        const lock hold(lock_);
        abandoned_ = true;
        for (const auto& each : members_) {
            if (each->thread.joinable()) {
                note_refusal(*each, refusing);
                each->thread.detach();
            }
        }
        no_thread_left_.notify_all();
    }
    report_refusals(std::move(refusing));
}

void thread_pool::note_refusal(const member& of, std::vector<std::string>& into) const noexcept {
    const std::type_info* const runs = of.runs.load(relaxed); // hint: it may end just now
    if (runs == nullptr) {
        return;
    }
    try {
        const auto lasted = clock::now() - of.since.load(relaxed); // hint: as above
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(lasted);
        into.push_back("still running after the grace period of a shutdown: thread " +
                       options_.name + "-" + std::to_string(of.number) + ", for " +
                       std::to_string(ms.count()) + " ms in " + type_text(runs->name()));
    } catch (...) { // out of memory: the report is lost, the program is not
    }
}

// -- how much there is --

std::size_t thread_pool::queued() const {
    const std::lock_guard hold(room_lock_);
    // count: of a moment ago
    return static_cast<std::size_t>(places_.load(relaxed) / one_place) + line_.size();
}

executor_metrics thread_pool::metrics() const {
    const std::size_t now_queued = queued();
    const std::lock_guard hold(lock_);
    executor_metrics out = of_ended_;
    out.threads = live_;
    out.threads_peak = live_peak_;
    out.queued = now_queued;
    out.queued_peak = static_cast<std::size_t>(queued_peak_.load(relaxed)); // count: as above
    for (const auto& each : members_) {
        each->queue_wait.add_to(out.queue_wait);
        each->run_time.add_to(out.run_time);
    }
    return out;
}

} // namespace eddy::inline v0
