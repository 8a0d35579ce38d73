// task.cpp — the life of a control block: registered, run, finished, read or reported.

#include <eddy/core/task.hpp>

#include <limits>
#include <mutex>

namespace eddy::inline v0 {
namespace {

// Numbers for "Task-N", handed to each thread in blocks: one worker counts 1, 2, 3 as asyncio does.
constexpr std::uint32_t number_block = 1024;
constinit atomic<std::uint32_t> next_block{0};
struct own_numbers {
    std::uint32_t next = 0;
    std::uint32_t end = 0;
};
constinit thread_local own_numbers numbers{};

std::uint32_t next_number() noexcept {
    own_numbers& mine = numbers;
    if (mine.next == mine.end) {
        mine.next = next_block.fetch_add(1, relaxed) * number_block; // count:
        mine.end = mine.next + number_block;
    }
    return ++mine.next;
}

} // namespace

own_task_numbers::own_task_numbers() noexcept
    : next_before_(std::exchange(numbers.next, 0)),
      end_before_(std::exchange(numbers.end, std::numeric_limits<std::uint32_t>::max())) {}

own_task_numbers::~own_task_numbers() {
    numbers = {.next = next_before_, .end = end_before_};
}

struct task_base::extras {
    std::string name; // empty: "Task-N"
    cancel_reason reason;
    bool delivered = true; // a cancelled_error has said it; all guarded by lock
    spin_lock lock;
};

task_base::task_base(std::uint32_t references, promise_base& root,
                     std::source_location site) noexcept
    : future_state(references), root_(*this), defined_(root.site()), site_(site) {
    root.start_as_root(root_);
    root_.set_leaf(&root);
}

task_base::~task_base() {
    delete extras_.load(acquire); // P4
}

task_base::extras& task_base::own_extras() {
    extras* seen = extras_.load(acquire); // P4
    if (seen == nullptr) {
        auto made = std::make_unique<extras>();
        // P4, both ends; fail: P4
        if (extras_.compare_exchange_strong(seen, made.get(), acq_rel, acquire)) {
            seen = made.release();
        }
    }
    return *seen;
}

void task_base::start(scheduler& on, const task_options& options, placement* where,
                      task_registry& registry) noexcept {
    if (options.name.empty()) {
        number_ = next_number();
    } else {
        try {
            own_extras().name = options.name;
        } catch (...) { // out of memory: a number has to do
            number_ = next_number();
        }
    }
    traits_ = traits_ | on.traits_of_tasks();
    if (where != nullptr || options.context != nullptr) [[unlikely]] {
        start_specially(options, where);
    }
    home_.store(&on, relaxed); // init:
    registry_ = &registry;
    registry.add(*this);
}

void task_base::start_specially(const task_options& options, placement* where) noexcept {
    placement_ = where;
    if (where != nullptr) {
        traits_ = traits_ | step_traits::one_place;
    }
    if (options.context != nullptr) {
        enter(*options.context);
    }
}

void task_base::refuse() noexcept {
    (void)take_result(*root_.leaf());
    leave_context(root_.scope());
    drop();
}

void task_base::enter_copy() noexcept {
    try {
        enter(copy_context());
    } catch (...) {
        fail_before_start();
        (void)root_.cancel();
    }
}

void task_base::enter(context first) noexcept {
    leave_context(root_.scope());
    context_scope* const record = first.release();
    root_.keep_scope(record);
    traits_ = traits_ | (record != nullptr ? step_traits::in_context : step_traits::none);
}

// All scopes that were made in the task have ended: the record is what is left of its chain.
void task_base::leave_context(context_scope* innermost) noexcept {
    if (has_any(traits_, step_traits::in_context)) {
        traits_ = traits_ - step_traits::in_context;
        const context last(context_scope::record_of(innermost));
        EDDY_ASSERT(!last.empty());
    }
}

void task_base::end_specially() noexcept {
    if (placement_ != nullptr) { // now: a handle may outlive the runtime
        std::exchange(placement_, nullptr)->drop();
    }
    leave_context(scheduler::current()->scope());
}

std::string task_base::name() const {
    if (extras* const mine = extras_.load(acquire)) { // P4
        const std::lock_guard hold(mine->lock);
        if (!mine->name.empty()) {
            return mine->name;
        }
    }
    return number_ != 0 ? "Task-" + std::to_string(number_) : std::string();
}

void task_base::set_name(std::string_view name) {
    std::string next(name); // gets the old name, which dies after unlocking
    extras& mine = own_extras();
    const std::lock_guard hold(mine.lock);
    mine.name.swap(next);
}

task_state task_base::stage() const noexcept {
    if (done()) {
        return task_state::done;
    }
    if (root_.waiting()) {
        return task_state::suspended;
    }
    switch (step_.load(relaxed)) { // hint: a snapshot
    case step::created:
        return task_state::created;
    case step::scheduled:
        return task_state::scheduled;
    case step::running:
    case step::unheard:
        return task_state::running;
    }
    __builtin_unreachable();
}

bool task_base::cancel(const cancel_reason& reason) noexcept {
    if (done()) {
        return false;
    }
    note_reason(reason);
    if (const scheduler* here = scheduler::current(); here != nullptr && here->running() == this) {
        // own: read by its root branch, which the others end before
        cancels_itself_.store(true, relaxed);
    }
    return root_.cancel(reason);
}

void task_base::note_reason(const cancel_reason& reason) noexcept {
    if (reason == nullptr && extras_.load(acquire) == nullptr) { // P4
        return;
    }
    try {
        extras& mine = own_extras();
        const std::lock_guard hold(mine.lock);
        if (reason != nullptr || mine.delivered) { // else there is one error for both requests
            mine.reason = reason;
            mine.delivered = reason == nullptr;
        }
    } catch (...) { // out of memory: cancelled without its reason
    }
}

cancel_reason task_base::reason() const {
    extras* const mine = extras_.load(acquire); // P4
    if (mine == nullptr) {
        return nullptr;
    }
    const std::lock_guard hold(mine->lock);
    return mine->reason;
}

cancel_reason task_base::deliver_reason() noexcept {
    cancels_itself_.store(false, relaxed);      // own: see cancel()
    extras* const mine = extras_.load(acquire); // P4
    if (mine == nullptr) {
        return nullptr;
    }
    const std::lock_guard hold(mine->lock);
    mine->delivered = true;
    return mine->reason;
}

void task_base::throw_cancelled() const {
    throw cancelled_error(reason());
}

void task_base::finish(promise_base& root) noexcept {
    // A request of somebody else that comes so late must not take away what was returned: it may be
    // a message that was taken from a queue.
    const bool late = root_.finish();
    const bool cancelled = late && cancels_itself_.load(relaxed); // own: see cancel()
    if (late && !cancelled) [[unlikely]] {
        step_.store(step::unheard, relaxed); // own: read once it is done
    }
    const bool ran = root.handle().done();
    const std::exception_ptr error = take_result(root);
    registry_->remove(*this);
    if (traits_ != step_traits::none) [[unlikely]] {
        end_specially();
    }
    if (error != nullptr) { // also if a cancel is pending: the exception must not be lost
        complete(is_cancellation(error) ? outcome::cancelled : outcome::error);
    } else {
        complete(cancelled || !ran ? outcome::cancelled : outcome::value);
    }
    // From here on it is nobody's current task: the last drop runs a report's handler and the
    // result's destructor.
    scheduler::current()->set_running(nullptr, step_traits::none);
    drop();
}

std::coroutine_handle<> promise_base::finish_task() noexcept {
    branch_->task().finish(*this);
    return std::noop_coroutine();
}

void task_base::report_unread(const std::exception_ptr& error) const noexcept {
    try {
        emit({.kind = report_kind::never_retrieved,
              .message = "task exception was never retrieved: " + describe(error) + " (task " +
                         name() + ", coroutine " + coroutine_name() + ", created at " +
                         site_.file_name() + ":" + std::to_string(site_.line()) + ")",
              .task_name = name(),
              .site = site_,
              .error = error});
    } catch (...) { // out of memory: the report is lost, the program is not
    }
}

done_callback_handle task_base::add_done_callback(std::function<void(any_task)> fn) {
    // One that is done may have outlived its runtime: then only the caller's loop can be asked.
    scheduler* const here = scheduler::current();
    scheduler* const on = here != nullptr || done() ? here : home();
    auto call = [fn = std::move(fn), task = any_task(state_ref<task_base>::share(this))] {
        fn(task);
    };
    return eddy::add_done_callback(*this, std::move(call), on, this);
}

bool any_task::cancel(std::string_view reason) const {
    return base_.checked().cancel(reason.empty() ? nullptr
                                                 : std::make_shared<const std::string>(reason));
}

void task_registry::add(task_base& task) noexcept {
    const std::lock_guard hold(lock_);
    tasks_.push_back(task);
    size_.store(size_.load(relaxed) + 1, relaxed); // locked: both
}

void task_registry::remove(task_base& task) noexcept {
    const std::lock_guard hold(lock_);
    static_cast<list_hook&>(task).unlink();
    size_.store(size_.load(relaxed) - 1, relaxed); // locked: both
}

void task_registry::collect(std::vector<any_task>& out) {
    const std::lock_guard hold(lock_);
    tasks_.for_each([&](task_base& each) { out.emplace_back(state_ref<task_base>::share(&each)); });
}

any_task task_registry::find(const task_base* address) noexcept {
    const std::lock_guard hold(lock_);
    any_task found;
    tasks_.for_each([&](task_base& each) {
        if (&each == address) {
            found = any_task(state_ref<task_base>::share(&each));
        }
    });
    return found;
}

} // namespace eddy::inline v0
