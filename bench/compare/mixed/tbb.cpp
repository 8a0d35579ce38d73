// tbb.cpp — mixed, a oneTBB task for every job, which blocks its worker; an empty task as probe.
//
// A thread that is not oneTBB's enqueues a task at every tick, as a server would for a new request;
// late is the time until a worker runs it.

#include "../lateness.hpp"
#include "common.hpp"
#include <eddy/base/atomic.hpp>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace eddy::compare::mixed {

namespace {

class probe_tasks {
public:
    explicit probe_tasks(tbb::task_arena& arena)
        : arena_(arena), thread_([this] { enqueue_until_over(); }) {}

    /// Waits for the tasks that are enqueued, then says how late they were.
    [[nodiscard]] const lateness& finish() {
        over_.store(true, relaxed); // hint: seen at the next tick
        thread_.join();
        std::unique_lock lock(mutex_);
        served_.wait(lock, [&] { return waiting_ == 0; });
        return late_;
    }

private:
    void enqueue_until_over() {
        for (std::uint64_t tick = 0; !over_.load(relaxed); ++tick) { // hint: costs one more tick
            const auto due = late_.due(tick);
            std::this_thread::sleep_until(due);
            {
                const std::lock_guard lock(mutex_);
                ++waiting_;
            }
            arena_.enqueue([this, due] { serve(due); });
        }
    }

    void serve(clock::time_point due) {
        const std::lock_guard lock(mutex_);
        late_.serve(due);
        if (--waiting_ == 0) {
            served_.notify_all();
        }
    }

    tbb::task_arena& arena_;
    std::mutex mutex_; // guards waiting_ and the spans of late_
    std::condition_variable served_;
    std::uint64_t waiting_ = 0;
    lateness late_;
    eddy::atomic<bool> over_ = false;
    std::thread thread_; // last: it uses the others
};

} // namespace

metrics run_tbb(const request& asked) {
    const tbb::global_control cores(tbb::global_control::max_allowed_parallelism, asked.cores);
    metrics found;
    tbb::task_arena arena(static_cast<int>(asked.cores));
    arena.initialize();
    probe_tasks probe(arena);
    const meter time;
    arena.execute([&] {
        tbb::task_group jobs;
        for (std::uint64_t i = 0; i < asked.size; ++i) {
            jobs.run(blocking_job);
        }
        jobs.wait();
    });
    probed measured{.wall = time.wall(), .cpu = time.used().cpu};
    measured.late = probe.finish();
    measured.add_to(found);
    return found;
}

} // namespace eddy::compare::mixed
