// event_loop.cpp — callbacks and timers of a loop.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/core/context.hpp>
#include <eddy/core/report.hpp>
#include <eddy/sched/event_loop.hpp>

#include <memory>
#include <mutex>

namespace eddy::inline v0 {

// A queued function: first in the wheel, if it is for later, then in the loop's callback queue. It
// keeps itself.
struct callback_handle::state final : public callback, public timer_node {
    state(worker& on, event_loop::function fn, clock::time_point when)
        : timer_node(&fired), on_(on), fn_(std::move(fn)), in_(copy_context()), when_(when) {}

    void cancel() noexcept {
        cancelled_.store(true, relaxed); // hint: one that comes while it runs is late
        std::shared_ptr<state> last;     // dies after the lock
        const std::lock_guard hold(lock_);
        if (timed_ && on_.wheel().cancel(*this)) {
            timed_ = false;
            last = std::move(self_);
        }
    }

    void start_soon(std::shared_ptr<state> self) noexcept {
        self_ = std::move(self);
        on_.post_callback(*this);
    }
    void start_at(std::shared_ptr<state> self) noexcept {
        self_ = std::move(self);
        timed_ = true; // nobody else has it yet
        on_.arm(*this, when_);
    }

    [[nodiscard]] bool cancelled() const noexcept {
        return cancelled_.load(relaxed); // hint: see cancel
    }
    [[nodiscard]] clock::time_point when() const noexcept { return when_; }

private:
    static void fired(timer_node& node) noexcept {
        auto& self = static_cast<state&>(node);
        {
            const std::lock_guard hold(self.lock_); // waits for a cancel that is in the wheel
            self.timed_ = false;
        }
        if (self.on_.closing()) {
            self.release();
        } else {
            self.on_.post_callback(self);
        }
    }

    void run() noexcept override {
        if (cancelled()) {
            return;
        }
        try {
            in_.empty() ? fn_() : in_.run(fn_);
        } catch (...) {
            emit_callback_failure("a callback of the event loop", std::current_exception());
        }
    }
    void release() noexcept override {
        const std::shared_ptr<state> last = std::move(self_);
        fn_ = nullptr;
        in_.reset();
    }

    worker& on_;
    event_loop::function fn_;
    context in_;
    clock::time_point when_;
    spin_lock lock_;
    bool timed_ = false; // under lock_: the wheel has it, so the wheel is there
    atomic<bool> cancelled_{false};
    std::shared_ptr<state> self_;
};

void callback_handle::cancel() const noexcept {
    if (state_ != nullptr) {
        state_->cancel();
    }
}
bool callback_handle::cancelled() const noexcept {
    return state_ != nullptr && state_->cancelled();
}
clock::time_point callback_handle::when() const noexcept {
    return state_ != nullptr ? state_->when() : clock::time_point();
}

callback_handle event_loop::queue(function fn) {
    auto made = std::make_shared<callback_handle::state>(*owner_, std::move(fn), time());
    made->start_soon(made);
    return callback_handle(std::move(made));
}

callback_handle event_loop::queue_at(clock::time_point when, function fn) {
    auto made = std::make_shared<callback_handle::state>(*owner_, std::move(fn), when);
    made->start_at(made);
    return callback_handle(std::move(made));
}

clock::time_point event_loop::time() const noexcept {
    return owner_->runtime().now();
}

event_loop* try_get_running_loop() noexcept {
    worker* const here = worker::current();
    return here != nullptr && !here->forked() ? here : nullptr;
}

event_loop& get_running_loop() {
    if (event_loop* const here = try_get_running_loop()) {
        return *here;
    }
    throw no_running_loop("get_running_loop() was called on a thread that runs no event loop");
}

std::vector<event_loop*> get_all_loops() {
    runtime_core& all = get_running_loop().owner().runtime();
    std::vector<event_loop*> out;
    out.reserve(all.size());
    for (unsigned i = 0; i != all.size(); ++i) {
        out.push_back(&all.at(i));
    }
    return out;
}

void event_loop::add_reader(int fd, function fn) {
    owner_->watches().add(fd, interest::read, std::move(fn));
}
void event_loop::add_writer(int fd, function fn) {
    owner_->watches().add(fd, interest::write, std::move(fn));
}
bool event_loop::remove_reader(int fd) {
    return owner_->watches().remove(fd, interest::read);
}
bool event_loop::remove_writer(int fd) {
    return owner_->watches().remove(fd, interest::write);
}

} // namespace eddy::inline v0
