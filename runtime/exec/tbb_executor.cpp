// tbb_executor.cpp — the executor, and the op that waits for work in its arena.

#include "exec/tbb_arena.hpp"
#include <eddy/base/cpu_count.hpp>
#include <eddy/core/await_chain.hpp>
#include <eddy/sched/timeout.hpp>

#include <utility>

namespace eddy::inline v0 {
namespace {

std::size_t wanted(const tbb_options& options) {
    if (options.concurrency != 0) {
        return options.concurrency;
    }
    return try_get_running_loop() != nullptr ? get_all_loops().size() : cpu_count();
}

} // namespace

tbb_executor::tbb_executor(tbb_options options)
    : arena_(std::make_shared<tbb_arena>(wanted(options), options.queue_max)) {}

tbb_executor::~tbb_executor() {
    if (arena_->forked()) {
        arena_->keep_for_ever();
        return;
    }
    arena_->close(tbb_arena::pending::run);
    (void)arena_->wait_for_end(clock::duration::max());
}

void tbb_executor::post(job_pointer<executor_job> job, when_full then) {
    arena_->post(std::move(job), then);
}
std::shared_ptr<job_desk> tbb_executor::desk() const noexcept {
    return arena_;
}

std::size_t tbb_executor::concurrency() const noexcept {
    return arena_->concurrency();
}
std::size_t tbb_executor::queued() const {
    return arena_->queued();
}

void tbb_executor::shutdown(const shutdown_options& options) {
    if (options.wait) {
        refuse_to_block_a_loop("co_await aclose() instead");
    }
    arena_->close(options.cancel_pending ? tbb_arena::pending::cancel : tbb_arena::pending::run);
    if (options.wait && !arena_->wait_for_end(options.grace)) {
        arena_->close(tbb_arena::pending::cancel);
        arena_->report_refusals();
    }
}

coro<> tbb_executor::aclose(shutdown_options options) {
    const std::shared_ptr<tbb_arena> mine = arena_;
    mine->close(options.cancel_pending ? tbb_arena::pending::cancel : tbb_arena::pending::run);
    if (options.wait) {
        const future<> ended = mine->ended();
        const outside_job calls_end; // what a thread does is not over with its last result
        try {
            co_await wait_for(ended, options.grace);
        } catch (const timeout_error&) {
            mine->close(tbb_arena::pending::cancel);
            mine->report_refusals();
        }
    }
}

// -- waiting for work --

arena_op::arena_op(std::shared_ptr<tbb_arena> arena, void (*call)(void*), void* with,
                   const std::type_info& what)
    : arena_(std::move(arena)), work_(std::make_shared<arena_work>()) {
    work_->call = call;
    work_->with = with;
    work_->what = &what;
}
arena_op::arena_op(arena_op&& fresh) noexcept = default;
arena_op::~arena_op() = default;

bool arena_op::await_suspend(promise_base& promise) {
    return park(promise, [this] {
        work_->waits = this;
        const std::shared_ptr<arena_work> mine = work_; // the op may be gone before it returns
        const std::shared_ptr<tbb_arena> in = arena_;
        in->start(mine);
    });
}

void arena_op::await_resume() {
    check_aborted();
    if (work_->error != nullptr) {
        if (work_->stopped) {
            waiter().put_cancel_back(); // this error goes first
        }
        std::rethrow_exception(std::exchange(work_->error, nullptr));
    }
    if (work_->stopped) {
        waiter().throw_cancelled();
    }
}

abort_result arena_op::abort() noexcept {
    return work_->cancel();
}

void arena_op::show(await_look& look) const noexcept {
    look.waits_for("work in an arena of oneTBB");
}

} // namespace eddy::inline v0
