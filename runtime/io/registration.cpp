// registration.cpp — where registrations are kept, and how a descriptor gets into an epoll and out.
//
// Pairs:      P3  chunks_: add_chunk -> find, any_of: who finds a chunk sees it made

#include <eddy/base/assert.hpp>
#include <eddy/io/registration.hpp>

#include <array>
#include <cstddef>
#include <mutex>
#include <new>
#include <utility>

#include <sys/epoll.h>

namespace eddy::inline v0 {

namespace {

constexpr unsigned wanted = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr unsigned wakes_input = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr unsigned wakes_output = EPOLLOUT | EPOLLHUP | EPOLLERR;
constexpr unsigned last_input = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr unsigned last_output = EPOLLHUP | EPOLLERR;

} // namespace

/// All registrations of the process, by index. They outlive every object: static ones may own
/// sockets.
class registration_table {
public:
    registration& take() {
        const std::lock_guard hold(mutex_);
        if (free_ == none) {
            add_chunk();
        }
        registration& taken = *find(free_);
        free_ = taken.next_free_;
        return taken;
    }

    void give_back(registration& done) noexcept {
        const std::lock_guard hold(mutex_);
        done.next_free_ = free_;
        free_ = done.index_;
    }

    registration* find(std::uint32_t index) noexcept {
        registration* const chunk = chunks_[index / chunk_size].load(acquire); // P3
        return chunk + index % chunk_size;
    }

    template <typename Fn>
    bool any_of(Fn fn) noexcept {
        for (const atomic<registration*>& each : chunks_) {
            registration* const chunk = each.load(acquire); // P3
            if (chunk == nullptr) {
                return false;
            }
            for (std::size_t i = 0; i != chunk_size; ++i) {
                if (fn(chunk[i])) {
                    return true;
                }
            }
        }
        return false;
    }

private:
    static constexpr std::uint32_t chunk_size = 1024;
    static constexpr std::uint32_t chunks_max = 4096;
    static constexpr std::uint32_t none = UINT32_MAX;

    void add_chunk() {
        if (chunks_used_ == chunks_max) {
            throw std::bad_alloc();
        }
        void* const room = ::operator new(chunk_size * sizeof(registration),
                                          std::align_val_t(alignof(registration)));
        auto* const chunk = static_cast<registration*>(room);
        const std::uint32_t first = chunks_used_ * chunk_size;
        for (std::uint32_t i = 0; i != chunk_size; ++i) {
            registration& made = *::new (static_cast<void*>(chunk + i)) registration;
            made.index_ = first + i;
            made.next_free_ = i + 1 == chunk_size ? none : first + i + 1;
        }
        chunks_[chunks_used_].store(chunk, release); // P3
        ++chunks_used_;
        free_ = first;
    }

    std::mutex mutex_;
    std::uint32_t free_ = none;
    std::uint32_t chunks_used_ = 0;
    std::array<atomic<registration*>, chunks_max> chunks_{};
};

namespace {

constinit registration_table all_registrations;

} // namespace

registration& registration::open(owned_fd fd) {
    registration& made = all_registrations.take();
    made.fd_.store(fd.release(), relaxed); // init: nobody has it yet
    made.given_up_ = false;
    made.strange_waits_ = 0;
    made.holders_.store(3, relaxed); // init: who closes it, and the two directions
    // own: nobody else changes it
    made.generation_.store(made.generation_.load(relaxed) + 1, release); // P2
    made.input_.open();
    made.output_.open();
    return made;
}

// -- the user of a direction --

registration::waiting registration::wait(interest what, fd_wait& who, reactor& here) noexcept {
    const reactor* const home = home_.load(relaxed); // hint: the other direction may just move it
    if (home == &here) {
        if (what == interest::read) {
            strange_waits_ = 0;
        }
    } else if (should_move(what, home)) {
        if (const std::error_code error = move_to(here)) {
            return {.result = wait_start::closed, .error = error};
        }
    }
    who.note_descriptor(fd(), what);
    return {.result = direction(what).wait(who), .error = {}};
}

// Where readiness is delivered is where the branch is woken; it was stolen since. Only if that
// happens again and again it pays to follow it.
bool registration::should_move(interest what, const reactor* home) noexcept {
    if (home == nullptr) {
        return true;
    }
    if (what != interest::read || ++strange_waits_ < strange_waits_max) {
        return false;
    }
    strange_waits_ = 0;
    return true;
}

// For a moment the descriptor is in two epolls. What one of them has given out already is delivered
// all the same; whatever holds when the new one learns of the descriptor, it reports.
std::error_code registration::move_to(reactor& here) noexcept {
    const std::lock_guard hold(moving_);
    reactor* const home = home_.load(relaxed); // locked:
    if (given_up_ || home == &here) {
        return {};
    }
    if (const std::error_code error = here.watch(fd(), wanted, tag())) {
        return home == nullptr ? error : std::error_code();
    }
    if (home != nullptr) {
        home->unwatch(fd());
    }
    home_.store(&here, relaxed); // locked:
    return {};
}

std::uint64_t registration::tag() const noexcept {
    // own: only open changes it
    return std::uint64_t{generation_.load(relaxed)} << 32U | tag_mark | index_;
}

// -- any thread --

std::error_code registration::close() noexcept {
    return give_up() ? leave() : std::error_code();
}

owned_fd registration::give_away() noexcept {
    if (!give_up()) {
        return owned_fd();
    }
    owned_fd given(fd_.exchange(-1, relaxed)); // own: nobody is in a call
    (void)leave();
    return given;
}

void registration::dispose() noexcept {
    (void)close();
    EDDY_ASSERT(holders_.load(relaxed) == 0); // own: nobody else is left
    all_registrations.give_back(*this);
}

// Out of the epoll before the descriptor is closed: a copy of it in a child process would keep it
// there. True: this call has given it up, and holds it still.
bool registration::give_up() noexcept {
    {
        const std::lock_guard hold(moving_);
        if (std::exchange(given_up_, true)) {
            return false;
        }
        if (reactor* const home = home_.exchange(nullptr, relaxed)) { // locked:
            home->unwatch(fd());
        }
    }
    for (readiness<fd_wait>* const each : {&input_, &output_}) {
        const auto [waiter, in_a_call] = each->close();
        if (waiter != nullptr) {
            waiter->call(fd_wait::forgotten);
        }
        if (!in_a_call) {
            (void)leave();
        }
    }
    return true;
}

// The last one to leave closes the descriptor.
std::error_code registration::leave() noexcept {
    if (holders_.fetch_sub(1, acq_rel) != 1) { // P1, both ends
        return {};
    }
    const int last = fd_.exchange(-1, relaxed); // own: the last one
    return last < 0 ? std::error_code() : sys::close(last);
}

// -- reactors --

void registration::deliver(std::uint64_t data, unsigned events, fd_wait_list& ready) noexcept {
    constexpr std::uint64_t index_bits = tag_mark - 1;
    registration& to = *all_registrations.find(static_cast<std::uint32_t>(data & index_bits));
    if (to.generation_.load(acquire) != data >> 32U) { // P2
        return;
    }
    using kind = readiness<fd_wait>::kind;
    const auto give = [&](readiness<fd_wait>& direction, unsigned last) {
        if (fd_wait* const waiter =
                direction.event((events & last) != 0 ? kind::last_edge : kind::edge)) {
            waiter->events_ = events;
            ready.push_back(*waiter);
        }
    };
    if ((events & wakes_input) != 0) {
        give(to.input_, last_input);
    }
    if ((events & wakes_output) != 0) {
        give(to.output_, last_output);
    }
}

bool registration::any_waits(const reactor& here) noexcept {
    return all_registrations.any_of([&](const registration& each) {
        return each.home() == &here && (each.input_.has_waiter() || each.output_.has_waiter());
    });
}

void registration::forget_all(const reactor& gone) noexcept {
    (void)all_registrations.any_of([&](registration& each) {
        const std::lock_guard hold(each.moving_);
        if (each.home_.load(relaxed) == &gone) { // locked:
            each.home_.store(nullptr, relaxed);  // locked:
        }
        return false;
    });
}

} // namespace eddy::inline v0
