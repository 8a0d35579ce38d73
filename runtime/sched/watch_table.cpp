// watch_table.cpp — the watches of add_reader and add_writer.

#include "sched/watch_table.hpp"

#include "sched/worker.hpp"
#include <eddy/base/mutex.hpp>
#include <eddy/core/context.hpp>
#include <eddy/core/report.hpp>

#include <utility>

namespace eddy::inline v0 {

class watch_table::watch final : public callback, public fd_wait {
public:
    watch(worker& on, event_loop::function fn)
        : fd_wait(&ready), on_(on), fn_(std::move(fn)), in_(copy_context()) {}

    void keep(std::shared_ptr<watch> self) noexcept { self_ = std::move(self); }
    void mark_removed() noexcept {
        removed_.store(true, relaxed); // hint: one call may begin just before
    }
    void let_go() noexcept { const std::shared_ptr<watch> last = std::move(self_); }

private:
    static void ready(fd_wait& wait, unsigned) noexcept {
        auto& self = static_cast<watch&>(wait);
        self.on_.post_callback(self);
    }
    void run() noexcept override {
        if (removed_.load(relaxed)) { // hint: see mark_removed
            return;
        }
        try {
            in_.empty() ? fn_() : in_.run(fn_);
        } catch (...) {
            emit_callback_failure("a callback of add_reader or add_writer",
                                  std::current_exception());
        }
    }
    void release() noexcept override {
        // Any error of rearm: it was removed meanwhile, or the descriptor is gone.
        if (on_.closing() || on_.descriptors().rearm(*this)) {
            let_go();
        }
    }

    worker& on_;
    event_loop::function fn_;
    context in_;
    atomic<bool> removed_{false};
    std::shared_ptr<watch> self_; // while the reactor or a queue may refer to it
};

void watch_table::add(int fd, interest what, event_loop::function fn) {
    auto made = std::make_shared<watch>(owner_, std::move(fn));
    std::shared_ptr<watch> gone; // its function dies after the lock: it may use this table
    const std::lock_guard hold(lock_);
    (void)remove_locked(fd, what, gone);
    // The place first: once the reactor has the watch nothing may fail.
    std::shared_ptr<watch>& place = watches_[static_cast<std::size_t>(what)][fd];
    made->keep(made);
    owner_.note_descriptors();
    reactor& io = owner_.descriptors();
    const std::error_code error =
        what == interest::read ? io.add_reader(fd, *made) : io.add_writer(fd, *made);
    if (error) {
        made->let_go();
        watches_[static_cast<std::size_t>(what)].erase(fd);
        throw std::system_error(error, what == interest::read ? "add_reader" : "add_writer");
    }
    place = std::move(made);
}

bool watch_table::remove(int fd, interest what) {
    std::shared_ptr<watch> gone; // as in add
    const std::lock_guard hold(lock_);
    return remove_locked(fd, what, gone);
}

bool watch_table::remove_locked(int fd, interest what, std::shared_ptr<watch>& gone) {
    auto& mine = watches_[static_cast<std::size_t>(what)];
    const auto found = mine.find(fd);
    if (found == mine.end()) {
        return false;
    }
    gone = std::move(found->second);
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

} // namespace eddy::inline v0
