// descriptors.cpp — readable and writable, and the watches of add_reader and add_writer.

#include <eddy/sched/readable.hpp>

#include "sched/watch_table.hpp"
#include "sched/worker.hpp"

#include <eddy/core/report.hpp>

#include <utility>

namespace eddy::inline v0 {

// -- one wait --

bool ready_op::await_suspend(promise_base& promise) {
    return park(promise, [this] {
        worker& here = *worker::current();
        here.note_descriptors();
        reactor_ = &here.descriptors();
        error_ = reactor_->arm(fd_, what_, *this);
        if (error_) {
            wake();
        }
    });
}

void ready_op::ready(fd_wait& wait, unsigned events) noexcept {
    auto& self = static_cast<ready_op&>(wait);
    if ((events & forgotten) != 0) {
        self.error_ = std::make_error_code(std::errc::bad_file_descriptor);
    }
    self.wake();
}

void ready_op::await_resume() {
    check_cancelled();
    if (error_ && error_ != std::errc::operation_not_permitted) { // EPERM: a regular file
        throw std::system_error(error_, what_ == interest::read ? "readable" : "writable");
    }
}

abort_result ready_op::abort() noexcept {
    return reactor_->disarm(*this) ? abort_result::aborted : abort_result::completed;
}

// -- watches --

// Pairs: P1  removed_: remove -> run    hint: one call may begin just before
class watch_table::watch final : public callback, public fd_wait {
public:
    watch(worker& on, event_loop::function fn) : fd_wait(&ready), on_(on), fn_(std::move(fn)) {}

    void keep(std::shared_ptr<watch> self) noexcept { self_ = std::move(self); }
    void mark_removed() noexcept { removed_.store(true, relaxed); } // P1
    void let_go() noexcept { const std::shared_ptr<watch> last = std::move(self_); }

private:
    static void ready(fd_wait& wait, unsigned) noexcept {
        auto& self = static_cast<watch&>(wait);
        self.on_.post_callback(self);
    }
    void run() noexcept override {
        if (removed_.load(relaxed)) { // P1
            return;
        }
        try {
            fn_();
        } catch (...) {
            emit_callback_failure("a callback of add_reader or add_writer", std::current_exception());
        }
    }
    void release() noexcept override {
        if (on_.closing() || on_.descriptors().rearm(*this)) { // removed meanwhile, or the descriptor is gone
            let_go();
        }
    }

    worker& on_;
    event_loop::function fn_;
    atomic<bool> removed_{false};
    std::shared_ptr<watch> self_; // while the reactor or a queue may refer to it
};

void watch_table::add(int fd, interest what, event_loop::function fn) {
    (void)remove(fd, what);
    auto made = std::make_shared<watch>(owner_, std::move(fn));
    made->keep(made);
    const std::lock_guard hold(lock_);
    owner_.note_descriptors();
    reactor& io = owner_.descriptors();
    const std::error_code error = what == interest::read ? io.add_reader(fd, *made) : io.add_writer(fd, *made);
    if (error) {
        made->let_go();
        throw std::system_error(error, what == interest::read ? "add_reader" : "add_writer");
    }
    watches_[static_cast<std::size_t>(what)][fd] = std::move(made);
}

bool watch_table::remove(int fd, interest what) {
    const std::lock_guard hold(lock_);
    auto& mine = watches_[static_cast<std::size_t>(what)];
    const auto found = mine.find(fd);
    if (found == mine.end()) {
        return false;
    }
    const std::shared_ptr<watch> gone = std::move(found->second);
    mine.erase(found);
    gone->mark_removed();
    reactor& io = owner_.descriptors();
    const removed_watch was = what == interest::read ? io.remove_reader(fd) : io.remove_writer(fd);
    if (was.was == removed_watch::found::waiting) {
        gone->let_go();
    }
    return was.was != removed_watch::found::nothing;
}

void watch_table::clear() noexcept {
    for (const interest what : {interest::read, interest::write}) {
        auto& mine = watches_[static_cast<std::size_t>(what)];
        while (!mine.empty()) {
            (void)remove(mine.begin()->first, what);
        }
    }
}

void event_loop::add_reader(int fd, function fn) { owner_->watches().add(fd, interest::read, std::move(fn)); }
void event_loop::add_writer(int fd, function fn) { owner_->watches().add(fd, interest::write, std::move(fn)); }
bool event_loop::remove_reader(int fd) { return owner_->watches().remove(fd, interest::read); }
bool event_loop::remove_writer(int fd) { return owner_->watches().remove(fd, interest::write); }

} // namespace eddy::inline v0
