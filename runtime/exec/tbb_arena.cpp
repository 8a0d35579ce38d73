// tbb_arena.cpp — what is enqueued, how it runs, how it ends.

#include "exec/tbb_arena.hpp"

#include "exec/refusals.hpp"
#include "exec/type_text.hpp"
#include <eddy/base/syscall.hpp>
#include <eddy/base/syscall_process.hpp>
#include <eddy/core/report.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace eddy::inline v0 {
namespace {

namespace tbb = oneapi::tbb;

// What can be added to the time that it is.
constexpr clock::duration for_ever = std::chrono::hours(24 * 36500);

// oneTBB has one thread less than processors, since it counts on the caller's. Here no caller
// computes. The limit is raised where it is lower, and never lowered: others use oneTBB too. Gives
// `count` as the number of places in an arena.
int with_threads(std::size_t count) {
    static std::mutex lock;
    static std::unique_ptr<tbb::global_control> raised;
    const std::lock_guard hold(lock);
    constexpr auto threads = tbb::global_control::max_allowed_parallelism;
    if (tbb::global_control::active_value(threads) < count + 1) {
        raised.reset(); // the smallest of all counts
        raised = std::make_unique<tbb::global_control>(threads, count + 1);
    }
    return static_cast<int>(count);
}

thread_local std::optional<sys::blocked_signals> signals_of_thread;

} // namespace

void tbb_arena::signals_blocked::on_scheduler_entry(bool is_worker) {
    if (is_worker && !signals_of_thread) {
        signals_of_thread.emplace();
    }
}
void tbb_arena::signals_blocked::on_scheduler_exit(bool is_worker) {
    if (is_worker) {
        signals_of_thread.reset();
    }
}

tbb_arena::tbb_arena(std::size_t concurrency, std::size_t queue_max)
    : concurrency_(concurrency), born_in_(sys::getpid()), line_(lock_, queue_max),
      arena_(with_threads(concurrency), 0) {} // no place is kept for a thread that waits

// Without the lock: some thread of the other process may have held it.
void tbb_arena::refuse_where_forked() const {
    if (forked()) {
        throw executor_shut_down("oneTBB does not work in a forked process");
    }
}

// -- under lock_ --

void tbb_arena::check_open() const {
    if (closed_) {
        throw executor_shut_down("the arena takes no jobs after its shutdown");
    }
}

// The call needs the lock before it does anything.
template <typename Call>
void tbb_arena::begin_call(Call call) {
    arena_.enqueue(std::move(call));
    ++calls_;
}

// Whoever is in line has its call in the arena, too: that finds the oldest of those with a place.
void tbb_arena::begin_job(queued_job& job) {
    begin_call([self = shared_from_this()] { self->run_a_job(); });
    if (line_.bounded()) {
        job.watch(shared_from_this());
    }
}

bool tbb_arena::has_room() const noexcept {
    return !line_.bounded() || queued_ < line_.queue_max();
}

void tbb_arena::enqueue(job_pointer<> job) noexcept {
    jobs_.push_back(static_cast<executor_job&>(*job.release()));
    ++queued_;
}

// A place has become free.
void tbb_arena::let_in() noexcept {
    --queued_;
    if (job_pointer<> next = line_.pop()) {
        enqueue(std::move(next));
    }
}

// -- what is accepted --

void tbb_arena::end_call() noexcept {
    std::optional<promise<>> ended;
    {
        const std::lock_guard hold(lock_);
        if (--calls_ == 0 && closed_) {
            ended.swap(ended_);
        }
        ++leaving_;
    }
    if (ended) {
        (void)ended->try_set_value();
        ended.reset();
    }
    const std::lock_guard hold(lock_);
    if (--leaving_ == 0 && calls_ == 0) {
        none_left_.notify_all();
    }
}

future<> tbb_arena::ended() {
    const std::lock_guard hold(lock_);
    if (calls_ == 0) {
        promise<> now;
        now.set_value();
        return now.get_future();
    }
    if (!ended_) {
        ended_.emplace();
    }
    return ended_->get_future();
}

void tbb_arena::post(job_pointer<executor_job> job, when_full then) {
    refuse_where_forked();
    const std::lock_guard hold(lock_);
    check_open();
    const bool room = has_room();
    if (!room && then == when_full::refuse) {
        line_.throw_full();
    }
    begin_job(*job);
    job_pointer<> mine(job.release());
    if (room) {
        enqueue(std::move(mine));
    } else {
        line_.push(std::move(mine));
    }
}

bool tbb_arena::admit(admission_op& who, when_full then) {
    refuse_where_forked();
    const std::lock_guard hold(lock_);
    check_open();
    const bool room = has_room();
    if (!room && then == when_full::refuse) {
        return false;
    }
    begin_job(who.job());
    if (room) {
        enqueue(who.take_job());
    } else {
        line_.push(who);
    }
    return room;
}

bool tbb_arena::leave_line(admission_op& who) noexcept {
    {
        const std::lock_guard hold(lock_);
        if (!line_.leave(who)) {
            return false;
        }
    }
    who.job().unwatch();
    end_call();
    return true;
}

// With a bounded queue: it has ended, or was withdrawn. The call that is in the arena for it finds
// it among those.
void tbb_arena::job_done(job_pointer<> watched) noexcept {
    queued_job& done = *watched;
    const std::lock_guard hold(lock_);
    job_pointer<> mine = line_.remove(done);
    if (mine == nullptr) {
        if (!done.linked()) {
            return;
        }
        done.unlink();
        mine.reset(&done);
        let_in();
    }
    line_.keep_withdrawn(std::move(mine), std::move(watched));
}

job_pointer<executor_job> tbb_arena::take() noexcept {
    const std::lock_guard hold(lock_);
    job_pointer<executor_job> out(jobs_.pop_front());
    if (out != nullptr) {
        let_in();
    }
    return out;
}

void tbb_arena::start(std::shared_ptr<arena_work> work) {
    refuse_where_forked();
    const std::lock_guard hold(lock_);
    check_open();
    begin_call([self = shared_from_this(), work = std::move(work)] { self->run(*work); });
}

// -- in the arena --

template <typename Call>
void tbb_arena::noted(const std::type_info& what, Call call) noexcept {
    running mine;
    mine.what = &what;
    {
        const std::lock_guard hold(lock_);
        running_.push_back(mine);
    }
    call();
    const std::lock_guard hold(lock_);
    mine.unlink();
}

bool tbb_arena::destroy_a_withdrawn_job() noexcept {
    job_pointer<> mine;
    const std::lock_guard hold(lock_);
    mine = line_.pop_withdrawn();
    return mine != nullptr;
}

void tbb_arena::destroy_withdrawn_jobs() noexcept {
    while (destroy_a_withdrawn_job()) {
        end_call();
    }
}

// The oldest job, unless a shutdown has cancelled it.
void tbb_arena::run_a_job() noexcept {
    destroy_withdrawn_jobs();
    job_pointer<executor_job> job = take();
    if (job == nullptr) {
        destroy_withdrawn_jobs(); // it was withdrawn just now, and no other call may come for it
        return;
    }
    noted(job->function(), [&] {
        job->run();
        job.reset();
    });
    end_call();
}

void tbb_arena::run(arena_work& work) noexcept {
    if (work.begin()) {
        noted(*work.what, [&] {
            try {
                work.waits->in_.run([&] {
                    tbb::task_group group(work.stop);
                    group.run_and_wait([&] { work.call(work.with); });
                });
            } catch (...) {
                work.error = std::current_exception();
            }
        });
        work.stopped = work.end();
        work.waits->ended();
        // GONE: the op, and what the work referred to.
    }
    work.outside.end();
    end_call();
}

// -- the end --

void tbb_arena::close(pending what) noexcept {
    {
        const std::lock_guard hold(lock_);
        closed_ = true;
    }
    while (what == pending::cancel) {
        job_pointer<executor_job> dropped = take();
        if (dropped == nullptr) {
            break;
        }
        dropped->cancel();
        dropped.reset();
        end_call();
    }
}

bool tbb_arena::wait_for_end(clock::duration limit) noexcept {
    std::unique_lock hold(lock_);
    return none_left_.wait_for(hold, std::min(limit, for_ever),
                               [this] { return calls_ == 0 && leaving_ == 0; });
}

void tbb_arena::report_refusals() noexcept {
    try {
        std::vector<std::string> refusing;
        {
            const std::lock_guard hold(lock_);
            running_.for_each([&](const running& each) {
                const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() -
                                                                                      each.since);
                refusing.push_back("still running in an arena of oneTBB after the grace period of "
                                   "a shutdown, for " +
                                   std::to_string(ms.count()) +
                                   " ms: " + type_text(each.what->name()));
            });
        }
        eddy::report_refusals(std::move(refusing));
    } catch (...) { // out of memory: the report is lost, the program is not
    }
}

// -- the algorithms --

namespace {

using index_range = tbb::blocked_range<std::size_t>;

index_range to_divide(std::size_t size, std::size_t grain) {
    return {0, size, std::max<std::size_t>(grain, 1)};
}

// oneTBB looks for a cancel, or for an exception of another part, only between parts, and a part
// may be long. So it is done in pieces, with a look before each. The first few are of one grain,
// and are not timed: most parts are over then, and the clock costs more than a short call.
template <typename Body>
void in_pieces(const index_range& part, tbb::task_group_context& stop, Body body) {
    constexpr clock::duration long_enough = std::chrono::microseconds(100);
    constexpr std::size_t untimed = 8;
    constexpr std::size_t growth = 8;
    std::size_t piece = part.grainsize();
    std::size_t first = part.begin();
    clock::time_point before{};
    for (std::size_t done = 0; first != part.end() && !stop.is_group_execution_cancelled();
         ++done) {
        const std::size_t last = first + std::min(piece, part.end() - first);
        body(first, last);
        first = last;
        if (done + 1 < untimed) {
            continue;
        }
        const clock::time_point now = clock::now();
        if (done >= untimed && now - before < long_enough / growth) {
            piece *= growth;
        } else if (done >= untimed && now - before > long_enough) {
            piece = std::max(piece / growth, part.grainsize());
        }
        before = now;
    }
}

} // namespace

void arena_for(std::size_t size, std::size_t grain,
               void (*body)(void* with, std::size_t first, std::size_t last), void* with) {
    const context in = copy_context();
    tbb::task_group_context stop;
    auto run = [&](const index_range& part) {
        in.run([&] {
            in_pieces(part, stop,
                      [&](std::size_t first, std::size_t last) { body(with, first, last); });
        });
    };
    tbb::parallel_for(to_divide(size, grain), run, stop);
}

namespace {

// A value of a reduction, for oneTBB to split and join.
class reduction_body {
public:
    reduction_body(const arena_reduction& how, void* with, void* value, const context& in,
                   tbb::task_group_context& stop) noexcept
        : how_(how), with_(with), value_(value), in_(in), stop_(stop) {}
    reduction_body(reduction_body& other, tbb::split /*tag*/)
        : how_(other.how_), with_(other.with_), value_(how_.make(with_)), in_(other.in_),
          stop_(other.stop_), owns_(true) {}
    reduction_body(const reduction_body&) = delete;
    reduction_body& operator=(const reduction_body&) = delete;
    ~reduction_body() {
        if (owns_) {
            how_.destroy(value_);
        }
    }

    void operator()(const index_range& part) {
        in_.run([&] {
            in_pieces(part, stop_, [&](std::size_t first, std::size_t last) {
                how_.add(with_, value_, first, last);
            });
        });
    }
    void join(reduction_body& right) { how_.join(with_, value_, right.value_); }

private:
    const arena_reduction& how_;
    void* with_;
    void* value_;
    const context& in_;
    tbb::task_group_context& stop_;
    bool owns_ = false;
};

} // namespace

void arena_reduce(std::size_t size, std::size_t grain, const arena_reduction& how, void* with,
                  void* value) {
    const context in = copy_context();
    tbb::task_group_context stop;
    reduction_body whole(how, with, value, in, stop);
    tbb::parallel_reduce(to_divide(size, grain), whole, stop);
}

void arena_both(void (*call)(void*), void* left, void* right) {
    tbb::task_group both;
    both.run([&] { call(left); });
    both.run_and_wait([&] { call(right); });
}

bool arena_cancelled() noexcept {
    return tbb::is_current_task_group_canceling();
}

} // namespace eddy::inline v0
