// thread_pool_executor.cpp — the pool as its users see it.

#include "exec/thread_pool.hpp"
#include <eddy/exec/thread_pool_executor.hpp>
#include <eddy/sched/timeout.hpp>

#include <utility>

namespace eddy::inline v0 {

thread_pool_executor::thread_pool_executor(thread_pool_options options)
    : pool_(std::make_shared<thread_pool>(std::move(options))) {}

thread_pool_executor::~thread_pool_executor() {
    if (pool_->forked()) {
        pool_->keep_for_ever();
        return;
    }
    close_within(pool_->runs_here() ? clock::duration::zero() : clock::duration::max());
}

void thread_pool_executor::post(job_pointer<executor_job> work, when_full then) {
    pool_->post(std::move(work), then);
}
std::shared_ptr<job_desk> thread_pool_executor::desk() const noexcept {
    return pool_;
}

void thread_pool_executor::shutdown(const shutdown_options& options) {
    if (options.wait) {
        refuse_to_block_a_loop("co_await aclose() instead");
        if (pool_->runs_here()) {
            throw already_running("a job cannot wait for the end of the pool that runs it");
        }
    }
    if (options.cancel_pending || !options.wait) {
        pool_->close(options.cancel_pending ? thread_pool::pending::cancel
                                            : thread_pool::pending::run);
    }
    if (options.wait) {
        close_within(options.grace);
    }
}

void thread_pool_executor::close_within(clock::duration grace) noexcept {
    pool_->close(thread_pool::pending::run);
    if (!pool_->wait_for_end(grace)) {
        pool_->close(thread_pool::pending::cancel);
        pool_->abandon();
    }
    pool_->join();
}

coro<> thread_pool_executor::aclose(shutdown_options options) {
    const std::shared_ptr<thread_pool> mine = pool_;
    mine->close(options.cancel_pending ? thread_pool::pending::cancel : thread_pool::pending::run);
    if (options.wait) {
        const future<> ended = mine->ended();
        const outside_job threads_end; // what they do is not over with the last job
        try {
            co_await wait_for(ended, options.grace);
        } catch (const timeout_error&) {
            mine->close(thread_pool::pending::cancel);
            mine->abandon();
        }
        mine->join();
    }
}

std::size_t thread_pool_executor::threads_max() const noexcept {
    return pool_->threads_max();
}
std::size_t thread_pool_executor::threads() const {
    return pool_->threads();
}
std::size_t thread_pool_executor::queued() const {
    return pool_->queued();
}
executor_metrics thread_pool_executor::metrics() const {
    return pool_->metrics();
}

} // namespace eddy::inline v0
