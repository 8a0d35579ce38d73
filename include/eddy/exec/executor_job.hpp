// executor_job.hpp — a call that an executor makes on one of its threads, and the future of its
// result.
//
// Threads:    made by who submits, run or cancelled once by the executor.
// Memory:     one allocation besides the state of the future; function and arguments live in it.
// Cancel:     a future that was cancelled before the call began withdraws it, and where the queue
//             is bounded frees its place; after that the call goes on and its result is dropped.
// Invariants: I1  function and arguments are gone before the result can be seen.
// Design:     docs/design/thread_pool.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/awaitable.hpp>
#include <eddy/core/context.hpp>
#include <eddy/core/future.hpp>
#include <eddy/exec/queued_job.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace eddy::inline v0 {

/// What an executor queues and runs. Begins with what is in force where it is made: context
/// variables and deadlines go with it.
class EDDY_API executor_job : public queued_job {
public:
    executor_job() : context_(copy_context()) {}

    /// Makes the call, unless it was withdrawn, and sets the result.
    virtual void run() noexcept = 0;
    /// Instead of run(): the future ends as cancelled.
    virtual void cancel() noexcept = 0;
    /// Instead of run(): the future throws `error`.
    virtual void fail(std::exception_ptr error) noexcept = 0;
    /// What is called, for people.
    [[nodiscard]] virtual const std::type_info& function() const noexcept = 0;

    // -- the executor's --

    executor_job* inbox_next = nullptr;
    clock::time_point queued_at{};
    atomic<bool> taken{false}; // out of the queue, by who is going to run or to end it

protected:
    ~executor_job() override;

    [[nodiscard]] const context& where() const noexcept { return context_; }

private:
    context context_;
};

template <typename Fn, typename... Args>
using job_result_t = std::decay_t<std::invoke_result_t<std::decay_t<Fn>, std::decay_t<Args>...>>;

template <typename R, typename Fn, typename... Args>
class executor_call final : public executor_job {
    static_assert(!is_coro<R>, "a coroutine runs on the loops: await it, or make it a task");

public:
    template <typename F, typename... A>
    explicit executor_call(F&& fn, A&&... args)
        : call_(std::in_place, std::forward<F>(fn), std::tuple<Args...>(std::forward<A>(args)...)) {
    }

    [[nodiscard]] future<R> result() const { return result_.get_future(); }
    [[nodiscard]] future_state& state() noexcept override { return *result_.get_future().state(); }

    void run() noexcept override {
        if (result_.done()) {
            call_.reset();
            return;
        }
        std::exception_ptr error;
        try {
            if constexpr (std::is_void_v<R>) {
                call();
                call_.reset();
                const outside_job::settling now;
                (void)result_.try_set_value();
            } else {
                R value = call();
                call_.reset();
                const outside_job::settling now;
                (void)result_.try_set_value(std::move(value));
            }
            return;
        } catch (...) {
            error = std::current_exception();
        }
        // After the handler, which holds the exception too: who awaits it is to free it, not this.
        fail(std::move(error));
    }
    void cancel() noexcept override {
        call_.reset();
        const outside_job::settling now;
        (void)result_.get_future().cancel();
    }
    void fail(std::exception_ptr error) noexcept override {
        call_.reset();
        const outside_job::settling now;
        (void)result_.try_set_exception(std::move(error));
    }
    [[nodiscard]] const std::type_info& function() const noexcept override { return typeid(Fn); }

private:
    R call() {
        return where().run([this]() -> R {
            return static_cast<R>(std::apply(std::move(call_->first), std::move(call_->second)));
        });
    }

    std::optional<std::pair<Fn, std::tuple<Args...>>> call_;
    promise<R> result_;
};

/// The job of `fn(args...)`, and the future of its result.
template <typename Fn, typename... Args>
auto make_executor_job(Fn&& fn, Args&&... args) {
    using call = executor_call<job_result_t<Fn, Args...>, std::decay_t<Fn>, std::decay_t<Args>...>;
    auto* const made = new call(std::forward<Fn>(fn), std::forward<Args>(args)...);
    job_pointer<executor_job> job(made);
    return std::pair(std::move(job), made->result());
}

} // namespace eddy::inline v0
