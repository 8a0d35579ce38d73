// task.hpp — a coroutine that was scheduled: its control block, and the handles of it.
//
// Threads:    handles: any thread; awaited in tasks only.
// Memory:     one control block a task, from frame_cache; the runtime holds a reference while the
//             task runs, so a dropped handle does not stop it.
// Invariants: I1  from its first schedule() to finish() the root branch is queued, runs, or waits.
//             I2  the frame dies when the coroutine ends; the result lives in the control block.
// Pairs:      P4  extras_: own_extras -> its readers: a reader sees the name and the reason
//                 (the first three are those of future_state.hpp)
// Design:     docs/design/task.md

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/function.hpp>
#include <eddy/base/intrusive_list.hpp>
#include <eddy/core/context.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/done_callback.hpp>
#include <eddy/core/future_state.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

class any_task;
class task_registry;

enum class task_state : std::uint8_t { created, scheduled, running, suspended, done };

/// What create_task may be told.
class event_loop;

struct task_options {
    std::string_view name{};                // default: "Task-N"
    bool pinned = false;                    // runs on the loop that created it and nowhere else
    bool eager = false;                     // runs at once, up to its first suspension
    const eddy::context* context = nullptr; // what it begins in; default: a copy of the creator's
    event_loop* loop = nullptr;             // of the same runtime: where it begins, if not here
    // Where this was written: create_task_with takes it for the creation site.
    std::source_location site = std::source_location::current();
};

class EDDY_API task_base : public future_state, public list_hook {
public:
    task_base(std::uint32_t references, promise_base& root, std::source_location site) noexcept;

    // -- any thread --

    [[nodiscard]] std::string name() const;
    void set_name(std::string_view name);
    [[nodiscard]] const char* coroutine_name() const noexcept { return defined_.function_name(); }
    [[nodiscard]] std::source_location creation_site() const noexcept { return site_; }
    [[nodiscard]] task_state stage() const noexcept;

    /// One cancelled_error at the current or next suspension. False: done already.
    bool cancel(const cancel_reason& reason = nullptr) noexcept;
    /// What the next cancelled_error says.
    void note_reason(const cancel_reason& reason) noexcept;
    [[nodiscard]] branch* producer() noexcept override { return &root_; }
    [[nodiscard]] std::uint16_t cancelling() const noexcept { return root_.cancelling(); }
    std::uint16_t uncancel() noexcept { return root_.uncancel(); }
    [[nodiscard]] cancel_reason reason() const;
    /// The same for the cancelled_error that is about to be thrown in the task.
    [[nodiscard]] cancel_reason deliver_reason() noexcept;

    /// Once it is done: whether it has ended with a request pending, and not as cancelled by it.
    [[nodiscard]] bool cancel_unheard() const noexcept {
        return step_.load(relaxed) == step::unheard; // own: it is done
    }

    [[nodiscard]] branch& root() noexcept { return root_; }
    [[nodiscard]] placement* placed() const noexcept { return placement_; }
    /// What is special about each of its steps.
    [[nodiscard]] step_traits traits() const noexcept { return traits_; }
    /// The scheduler that ran it last.
    [[nodiscard]] scheduler* home() const noexcept {
        return home_.load(relaxed); // hint: any of the runtime will do
    }
    [[nodiscard]] const void* runtime_id() const noexcept { return home()->runtime_id(); }

    done_callback_handle add_done_callback(std::function<void(any_task)> fn);
    /// The exception it failed with; null if it returned or was cancelled. Only once it is done.
    [[nodiscard]] virtual std::exception_ptr failure() const noexcept = 0;

    // -- whoever creates it --

    /// Begins in a copy of what is in force here, which is something. Where there is no memory for
    /// that it does not begin, and ends with std::bad_alloc. Before start.
    [[gnu::cold]] void enter_copy() noexcept;
    /// Names and registers the task; the caller then schedules its root branch. The runtime's
    /// reference is one of those it was made with.
    void start(scheduler& on, const task_options& options, placement* where,
               task_registry& registry) noexcept;

    /// Instead of start: destroys the coroutine, and gives the runtime's reference back.
    void refuse() noexcept;

    // -- the worker --

    void note_scheduled() noexcept { step_.store(step::scheduled, relaxed); } // hint: for stage()
    void note_running(scheduler& on) noexcept {
        home_.store(&on, relaxed);           // hint: see home()
        step_.store(step::running, relaxed); // hint: for stage()
    }
    /// The root coroutine has ended, or must not be started since it was cancelled.
    void finish(promise_base& root) noexcept;
    /// True once: the coroutine has not been entered yet.
    [[nodiscard]] bool first_step() noexcept { return !std::exchange(entered_, true); }

protected:
    ~task_base() override;
    [[noreturn]] void throw_cancelled() const override;
    /// Moves the result out of the coroutine and destroys its frame; gives the exception, if it
    /// ended by one.
    virtual std::exception_ptr take_result(promise_base& root) noexcept = 0;
    /// The exception that is being handled becomes the coroutine's.
    virtual void fail_before_start() noexcept = 0;
    void report_unread(const std::exception_ptr& error) const noexcept;

private:
    enum class step : std::uint8_t {
        created,
        scheduled,
        running,
        unheard // has ended, and no await was left to throw a request
    };
    struct extras; // what few tasks have: a name, a cancel reason

    branch root_;
    task_registry* registry_ = nullptr;
    atomic<scheduler*> home_{nullptr};
    placement* placement_ = nullptr;
    std::source_location defined_;
    std::source_location site_;
    atomic<extras*> extras_{nullptr};
    std::uint32_t number_ = 0;
    bool entered_ = false; // the branch's own
    atomic<step> step_{step::created};
    step_traits traits_ = step_traits::none;
    atomic<bool> cancels_itself_{false}; // its own request has not become an error yet

    extras& own_extras();
    [[gnu::cold]] void end_specially() noexcept;
    [[gnu::cold]] void enter(context first) noexcept;
    void leave_context(context_scope* innermost) noexcept;
    [[gnu::cold]] void start_specially(const task_options& options, placement* where) noexcept;
};

/// The control block with the result.
template <typename T>
class task_state_of final : public future_state_of<T, task_base> {
public:
    task_state_of(coro<T> body, std::source_location site)
        : future_state_of<T, task_base>(2, *checked(body), site) {
        (void)body.release();
    }

    static void* operator new(std::size_t bytes) { return frame_cache::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        frame_cache::deallocate(memory, bytes);
    }

    [[nodiscard]] std::exception_ptr failure() const noexcept override {
        const bool failed = this->slot_.state() == slot_state::error && !this->cancelled();
        return failed ? this->slot_.error() : nullptr;
    }

private:
    void fail_before_start() noexcept override {
        static_cast<coro_promise<T>&>(*this->root().leaf()).set_error(std::current_exception());
    }

    static coro_promise<T>* checked(coro<T>& body) {
        if (!body.valid()) {
            throw_empty_coro();
        }
        return body.peek();
    }

    ~task_state_of() override {
        if (this->slot_.state() == slot_state::error && !this->retrieved() && !this->cancelled()) {
            this->report_unread(this->slot_.error());
        }
    }

    void destroy() noexcept override { delete this; }

    std::exception_ptr take_result(promise_base& root) noexcept override {
        auto& promise = static_cast<coro_promise<T>&>(root);
        std::exception_ptr error;
        if (promise.state() == slot_state::value) {
            move_value(promise);
        } else if (promise.state() == slot_state::error) {
            error = promise.error();
            this->slot_.set_error(error);
        }
        promise.handle().destroy();
        return error;
    }

    void move_value(coro_promise<T>& promise) noexcept {
        if constexpr (std::is_void_v<T>) {
            this->slot_.return_void();
        } else {
            try {
                this->slot_.return_value(promise.take());
            } catch (...) {
                this->slot_.set_error(std::current_exception());
            }
        }
    }
};

template <typename T>
[[nodiscard]] task_state_of<T>* make_task_state(coro<T> body, std::source_location site) {
    return new task_state_of<T>(std::move(body), site);
}

/// A handle of a task whose result type does not matter. Copies refer to the same task; a handle of
/// no task can only be asked whether it is valid().
///
/// It has no result to await; wait() takes a vector of them.
/// Throws:  invalid_state_error if it refers to nothing; the noexcept members must not be called
///          then.
/// Threads: any.
class EDDY_API any_task {
public:
    any_task() noexcept = default;
    explicit any_task(state_ref<task_base> state) noexcept : base_(std::move(state)) {}

    [[nodiscard]] bool valid() const noexcept { return static_cast<bool>(base_); }
    [[nodiscard]] std::string name() const { return base_.checked().name(); }
    /// Names it anew; "" takes the name away.
    void set_name(std::string_view name) const { base_.checked().set_name(name); }
    /// The name of the coroutine function, as the compiler writes it.
    [[nodiscard]] const char* coroutine_name() const { return base_.checked().coroutine_name(); }
    [[nodiscard]] std::source_location creation_site() const {
        return base_.checked().creation_site();
    }

    [[nodiscard]] bool done() const noexcept { return base_->done(); }
    [[nodiscard]] task_state stage() const noexcept { return base_->stage(); }
    /// Whether it ended by a cancelled_error; false while it runs.
    [[nodiscard]] bool cancelled() const noexcept { return base_->cancelled(); }

    /// Makes the task's current or next suspension throw one cancelled_error, which it may catch;
    /// what it awaits (a task, the children of a gather) is cancelled with it. Gives false if the
    /// task is done. One that comes after its last suspension changes nothing, unless the task
    /// asked itself: then it counts as cancelled, as in asyncio.
    bool cancel(std::string_view reason = {}) const;
    /// The cancels requested and not taken back.
    [[nodiscard]] unsigned cancelling() const noexcept { return base_->cancelling(); }
    /// Takes one request back in the count (not one that is pending); gives the count.
    unsigned uncancel() const noexcept { return base_->uncancel(); }

    /// Has `fn` called by the caller's loop (the task's, on a thread that has none), as call_soon
    /// does, once the task is done; by the task's own loop if the caller's has ended by then.
    /// Throws: no_running_loop, if the task is done and the thread has no loop.
    done_callback_handle add_done_callback(std::function<void(any_task)> fn) const {
        return base_.checked().add_done_callback(std::move(fn));
    }
    /// The callback will not be called. False: the task is done, and it was called or is going to
    /// be; or it is not one of this task.
    // NOLINTNEXTLINE(performance-unnecessary-value-param): it is used up
    bool remove_done_callback(done_callback_handle added) const {
        return eddy::remove_done_callback(base_.checked(), added);
    }

    friend bool operator==(const any_task& a, const any_task& b) noexcept {
        return a.base_.get() == b.base_.get();
    }

    [[nodiscard]] task_base* base() const noexcept { return base_.get(); }
    [[nodiscard]] future_state* state() const noexcept { return base_.get(); }

protected:
    state_ref<task_base> base_;
};

/// All tasks of one scheduler that have not ended.
class EDDY_API task_registry {
public:
    void add(task_base& task) noexcept;
    void remove(task_base& task) noexcept;
    void collect(std::vector<any_task>& out);
    /// The task at `address`, if it has not ended; empty otherwise. Never follows the pointer.
    [[nodiscard]] any_task find(const task_base* address) noexcept;
    [[nodiscard]] std::size_t size() const noexcept {
        return size_.load(relaxed); // hint: for shutdown, which looks again
    }

private:
    spin_lock lock_;
    intrusive_list<task_base> tasks_;
    atomic<std::size_t> size_{0};
};

/// While it lives, the tasks that the thread makes are called Task-1, Task-2 and so on anew: for
/// runs that have to be equal.
class EDDY_API own_task_numbers {
public:
    own_task_numbers() noexcept;
    ~own_task_numbers();
    own_task_numbers(const own_task_numbers&) = delete;
    own_task_numbers& operator=(const own_task_numbers&) = delete;

private:
    std::uint32_t next_before_;
    std::uint32_t end_before_;
};

/// "Task-3 (suspended) in coro<> worker(int), created at main.cpp:12, waits at main.cpp:31 for
/// Task-4, awaited by Task-1"
///
/// Where it waits is the innermost await of the user's code; of a task that runs nothing is known
/// but that. Who awaits it is as awaiters_of says; await_chain.hpp has the whole chain.
/// Threads: any.
EDDY_API std::string to_string(const any_task& task);

/// The handle of a coroutine that create_task has scheduled. Copies refer to the same task;
/// dropping it stops nothing.
///
/// `co_await t` waits and gives `const T&` (T& for a reference, nothing for void); `co_await
/// std::move(t)` and an await of a temporary move the result out.
/// Throws:   what the coroutine threw; cancelled_error if it ended as cancelled.
/// Cancel:   a cancel of the awaiting task is passed on to this one; shield(t) keeps it out.
template <typename T = void>
class task : public any_task {
public:
    using value_type = T;

    task() noexcept = default;
    explicit task(state_ref<task_state_of<T>> state) noexcept
        : any_task(state_ref<task_base>::adopt(state.release())) {}

    /// The result, without waiting. Throws: as an await; invalid_state_error("result is not set")
    /// before the end.
    decltype(auto) result() const {
        typed().check();
        return typed().slot().get();
    }
    /// The exception, null if it returned. Throws: invalid_state_error before the end;
    /// cancelled_error.
    [[nodiscard]] std::exception_ptr exception() const {
        typed().check();
        return typed().slot().state() == slot_state::error ? typed().slot().error() : nullptr;
    }

    class shared_wait final : public future_wait {
    public:
        shared_wait(task_state_of<T>& state, on_cancel policy) noexcept
            : future_wait(state, policy) {}
        decltype(auto) await_resume() {
            this->check_cancel();
            auto& mine = static_cast<task_state_of<T>&>(this->state());
            mine.check();
            return mine.slot().get();
        }
    };
    class last_wait final : private state_ref<task_base>, public future_wait {
    public:
        explicit last_wait(state_ref<task_base> state)
            : state_ref<task_base>(std::move(state)),
              future_wait(state_ref<task_base>::checked(), on_cancel::cancel_producer) {}
        T await_resume() {
            this->check_cancel();
            auto& mine = static_cast<task_state_of<T>&>(this->state());
            mine.check();
            return mine.slot().take();
        }
    };

    shared_wait operator co_await() const& {
        return shared_wait(typed(), future_wait::on_cancel::cancel_producer);
    }
    last_wait operator co_await() && { return last_wait(std::move(base_)); }

    /// Throws if it failed or was cancelled; nothing else, also before it is done.
    void check_failure() const {
        if (typed().failed()) {
            (void)result();
        }
    }

    [[nodiscard]] task_state_of<T>& typed() const {
        return static_cast<task_state_of<T>&>(base_.checked());
    }
};

} // namespace eddy::inline v0
