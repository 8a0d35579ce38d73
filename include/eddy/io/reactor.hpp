// reactor.hpp — one epoll: tells who waits for a descriptor that it is ready.
//
// Every registration is one-shot in the kernel: an event disables the descriptor until it is armed
// again, so however many threads poll, one of them gets the event and the waiter hears it once.
//
// Threads:    every member function: any thread. One loop owns the reactor and waits in it;
//             siblings may poll it while that loop is stuck.
// Progress:   a mutex guards the table of descriptors; no callback runs while it is held.
// Memory:     an fd_wait belongs to its caller; it must stay until it was disarmed or called.
// Invariants: I1  an fd_wait is called at most once per arm, and not at all once disarm said true.
//             I2  an event carries the generation of its record when it was registered; every
//                 change of the registration starts a new one, so what an earlier file or wait
//                 asked for is dropped.
//             I3  what the kernel may report for a descriptor is exactly what its armed waits want.
// Pairs:      P1  armed_: a poll takes a wait -> any_armed     it sees that the poll goes on
//             P2  polling_: a poll has called all -> any_armed     it sees what they have done
// Design:     docs/design/reactor.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/chrono.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/intrusive_list.hpp>
#include <eddy/base/mutex.hpp>
#include <eddy/io/fd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

struct epoll_event;

namespace eddy::inline v0 {

enum class interest : std::uint8_t { read, write };

/// What waits in a reactor; lives in whatever waits.
class alignas(16) fd_wait : public list_hook { // alignas: readiness keeps flags beside its address
public:
    /// `events` are epoll's bits: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR, or forgotten.
    /// Runs in the thread that polled (or called forget), outside all locks.
    using ready_function = void (*)(fd_wait&, unsigned events) noexcept;

    /// The descriptor was given to reactor::forget while this waited. It is poll(2)'s POLLNVAL.
    static constexpr unsigned forgotten = 0x20;

    explicit fd_wait(ready_function ready) noexcept : ready_(ready) {}

    /// The descriptor of the last arm, and what was waited for: an order for waits that are ready.
    [[nodiscard]] std::pair<int, interest> descriptor() const noexcept { return {fd_, interest_}; }

private:
    friend class reactor;
    friend class registration;

    void note_descriptor(int fd, interest what) noexcept {
        fd_ = fd;
        interest_ = what;
    }
    void call(unsigned events) noexcept { ready_(*this, events); }

    enum class state : std::uint8_t { idle, armed, delivered };
    enum class lifetime : std::uint8_t { once, watch };

    ready_function ready_;
    // Guarded by the reactor's mutex.
    int fd_ = -1;
    unsigned events_ = 0;
    interest interest_ = interest::read;
    state state_ = state::idle;
    lifetime lifetime_ = lifetime::once;
};

/// Waits that have left the reactor and wait for reactor::call.
using fd_wait_list = intrusive_list<fd_wait>;

/// What reactor::remove_reader and remove_writer found.
struct removed_watch {
    enum class found : std::uint8_t {
        nothing, // there was no watch
        waiting, // it will not be called any more
        running, // it is being called; its rearm will say operation_canceled
    };
    fd_wait* watch = nullptr;
    found was = found::nothing;
};

class reactor {
public:
    /// Who polls. Only the owner takes interrupts: one that a sibling swallowed would be missing to
    /// the owner that is just about to sleep.
    enum class poller : std::uint8_t { owner, sibling };

    /// Wait for ever.
    static constexpr std::chrono::nanoseconds forever = sys::forever;

    /// Throws: std::system_error (EMFILE, ENFILE, ENOMEM, naming the call).
    EDDY_API reactor();
    EDDY_API ~reactor();
    reactor(const reactor&) = delete;
    reactor& operator=(const reactor&) = delete;

    // -- one-shot waits --

    /// Has `wait` called once, when `fd` is ready; a reader and a writer may wait on one
    /// descriptor. On an error nothing stays behind. EPERM: a file that epoll does not take, which
    /// is always ready; EBADF: not open; EEXIST: somebody waits for the same already; ENOMEM,
    /// ENOSPC: out of room.
    [[nodiscard]] EDDY_API std::error_code arm(int fd, interest what, fd_wait& wait) noexcept;

    /// True: `wait` was armed and will not be called. False: it has been or is just being called.
    EDDY_API bool disarm(fd_wait& wait) noexcept;

    // -- watches, as asyncio's add_reader --

    /// Has `watch` called whenever `fd` is ready, level-triggered: after each call nothing more
    /// comes until rearm, so a slow callback is not called twice. Errors as arm.
    [[nodiscard]] EDDY_API std::error_code add_reader(int fd, fd_wait& watch) noexcept;
    [[nodiscard]] EDDY_API std::error_code add_writer(int fd, fd_wait& watch) noexcept;

    /// After the callback of `watch` ran. operation_canceled: it has been removed meanwhile; other
    /// errors as arm. With any error the watch is out of the reactor.
    [[nodiscard]] EDDY_API std::error_code rearm(fd_wait& watch) noexcept;

    EDDY_API removed_watch remove_reader(int fd) noexcept;
    EDDY_API removed_watch remove_writer(int fd) noexcept;

    // -- descriptors --

    /// Must be called before `fd` is closed if a wait may be armed on it; those waits are called
    /// with fd_wait::forgotten.
    EDDY_API void forget(int fd) noexcept;

    // -- registrations (io/registration.hpp) --

    /// Adds a descriptor to the epoll, `tag` being what its events carry.
    [[nodiscard]] std::error_code watch(int fd, unsigned events, std::uint64_t tag) noexcept;
    void unwatch(int fd) noexcept;

    // -- the loop --

    /// Waits at most `timeout` (0 or less: looks only) for at most `events_max` descriptors, calls
    /// those who wait, and gives the number of calls. 0 also after an interrupt, a signal, an event
    /// that nobody waits for any more.
    EDDY_API std::size_t poll(std::chrono::nanoseconds timeout, std::size_t events_max,
                              poller who = poller::owner) noexcept;

    /// Waits as poll does, but takes nothing: whether a poll would find something.
    [[nodiscard]] EDDY_API bool wait_until_ready(std::chrono::nanoseconds timeout) noexcept;

    /// The first half of poll: moves the waits that are ready to the end of `ready`. The caller
    /// then calls them: disarm says already that they are called.
    EDDY_API void take_ready(std::chrono::nanoseconds timeout, std::size_t events_max, poller who,
                             fd_wait_list& ready) noexcept;

    /// The second half: takes each wait out of `ready` and calls it; gives their number.
    EDDY_API static std::size_t call(fd_wait_list& ready) noexcept;

    /// Makes the owner's current or next poll return at once.
    void interrupt() noexcept { sys::eventfd_write(interrupt_.get()); }

    // -- for whoever waits outside, or asks what is left --

    /// Readable when a poll has something to do. Only to be waited for.
    [[nodiscard]] int fd() const noexcept { return epoll_.get(); }

    /// Whether some wait or watch is armed, or a poll is just calling one. Who is told "no" finds
    /// whatever the last call has queued.
    [[nodiscard]] EDDY_API bool any_armed() const noexcept;

    struct watched {
        int fd;
        interest what;
    };
    /// The descriptors that somebody waits for or watches. Throws: std::bad_alloc.
    [[nodiscard]] EDDY_API std::vector<watched> all_watched();

private:
    struct record {
        std::array<fd_wait*, 2> waits{}; // by interest
        std::uint32_t generation = 0;
        bool registered = false; // the kernel knows the descriptor
    };

    static constexpr std::size_t batch_max = 256;

    std::error_code attach(int fd, interest what, fd_wait& wait, fd_wait::lifetime life) noexcept;
    std::error_code make_room(int fd) noexcept;
    std::error_code apply(int fd, record& entry) noexcept;
    void detach(fd_wait& wait) noexcept;
    removed_watch remove(int fd, interest what) noexcept;
    [[nodiscard]] std::size_t wait(std::chrono::nanoseconds timeout,
                                   std::span<epoll_event> into) noexcept;
    void take(std::span<const epoll_event> events, poller who, fd_wait_list& ready) noexcept;
    void collect(const epoll_event& event, fd_wait_list& ready) noexcept;
    void take(record& entry, interest what, unsigned events, fd_wait_list& ready) noexcept;
    [[nodiscard]] static bool has_armed(const record& entry) noexcept;
    [[nodiscard]] record* find(int fd) noexcept;
    void set_state(fd_wait& wait, fd_wait::state next) noexcept;

    owned_fd epoll_;
    owned_fd interrupt_;
    std::mutex mutex_;
    std::vector<record> records_; // by descriptor
    atomic<std::size_t> armed_{0};
    atomic<std::uint32_t> polling_{0}; // polls that have found something, and call it
};

} // namespace eddy::inline v0
