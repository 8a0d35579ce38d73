// process_pool_executor.cpp — a process pool for users.

#include "exec/process_pool.hpp"
#include <eddy/exec/process_pool_executor.hpp>
#include <eddy/sched/outside_job.hpp>

namespace eddy::inline v0 {
namespace {

void close(process_pool& pool, const shutdown_options& options) noexcept {
    pool.close(options.cancel_pending ? process_pool::pending::cancel : process_pool::pending::run);
    if (options.wait) {
        pool.end_by(deadline_after(clock::now(), options.grace));
    }
}

void end(process_pool& pool) noexcept {
    pool.close(process_pool::pending::run);
    pool.wait_for_end();
    pool.join();
}

} // namespace

broken_process_pool::~broken_process_pool() = default;

process_pool_executor::process_pool_executor(process_pool_options options)
    : pool_(std::make_shared<process_pool>(std::move(options))) {}

process_pool_executor::~process_pool_executor() {
    if (pool_->forked()) {
        pool_->keep_for_ever();
    } else if (pool_->runs_here()) { // in a callback of a job
        pool_->close(process_pool::pending::cancel);
        pool_->kill_all();
        pool_->join();
    } else {
        end(*pool_);
    }
}

void process_pool_executor::post(job_pointer<> job, when_full then) {
    pool_->post(std::move(job), then);
}
std::shared_ptr<job_desk> process_pool_executor::desk() const noexcept {
    return pool_;
}

void process_pool_executor::shutdown(const shutdown_options& options) {
    if (options.wait) {
        refuse_to_block_a_loop("co_await aclose() instead");
    }
    close(*pool_, options);
    if (options.wait) {
        end(*pool_);
    }
}

coro<> process_pool_executor::aclose(shutdown_options options) {
    const std::shared_ptr<process_pool> mine = pool_;
    close(*mine, options);
    if (options.wait) {
        const outside_job processes_end; // what they do is not over with the last job
        co_await mine->ended();
        mine->join();
    }
}

std::size_t process_pool_executor::concurrency() const noexcept {
    return pool_->processes_max();
}
std::size_t process_pool_executor::processes() const {
    return pool_->processes();
}
std::vector<int> process_pool_executor::pids() const {
    return pool_->pids();
}
std::size_t process_pool_executor::queued() const {
    return pool_->queued();
}

} // namespace eddy::inline v0
