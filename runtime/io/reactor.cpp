// reactor.cpp — who waits for which descriptor, and what the kernel knows of it.

#include <eddy/base/assert.hpp>
#include <eddy/io/reactor.hpp>
#include <eddy/io/registration.hpp>

#include <algorithm>
#include <mutex>
#include <new>
#include <span>

#include <poll.h>
#include <sys/epoll.h>

namespace eddy::inline v0 {

namespace {

constexpr unsigned wakes_reader = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr unsigned wakes_writer = EPOLLOUT | EPOLLHUP | EPOLLERR;

constexpr std::size_t index_of(interest what) noexcept {
    return static_cast<std::size_t>(what);
}

/// What the kernel hands back with an event: the descriptor, and which change of its record.
struct tag {
    int fd;
    std::uint32_t generation;

    static tag of(const epoll_event& event) noexcept {
        return {.fd = static_cast<int>(event.data.u64 & 0xffffffff),
                .generation = static_cast<std::uint32_t>(event.data.u64 >> 32)};
    }
    [[nodiscard]] epoll_event with(unsigned events) const noexcept {
        epoll_event result{};
        result.events = events;
        result.data.u64 = std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
        return result;
    }
};

} // namespace

reactor::reactor() : epoll_(sys::epoll_create1()), interrupt_(sys::eventfd()) {
    epoll_event event = tag{.fd = interrupt_.get(), .generation = 0}.with(EPOLLIN);
    if (const std::error_code error =
            sys::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, interrupt_.get(), &event)) {
        sys::throw_error("epoll_ctl", error.value());
    }
}

reactor::~reactor() {
    registration::forget_all(*this);
    EDDY_ASSERT(std::ranges::all_of(records_, [](const record& entry) {
        return entry.waits[0] == nullptr && entry.waits[1] == nullptr;
    }));
}

// -- one-shot waits --

std::error_code reactor::arm(int fd, interest what, fd_wait& wait) noexcept {
    return attach(fd, what, wait, fd_wait::lifetime::once);
}

bool reactor::disarm(fd_wait& wait) noexcept {
    const std::lock_guard hold(mutex_);
    if (wait.state_ != fd_wait::state::armed) {
        return false;
    }
    detach(wait);
    return true;
}

// -- watches --

std::error_code reactor::add_reader(int fd, fd_wait& watch) noexcept {
    return attach(fd, interest::read, watch, fd_wait::lifetime::watch);
}

std::error_code reactor::add_writer(int fd, fd_wait& watch) noexcept {
    return attach(fd, interest::write, watch, fd_wait::lifetime::watch);
}

std::error_code reactor::rearm(fd_wait& watch) noexcept {
    const std::lock_guard hold(mutex_);
    record* entry = find(watch.fd_);
    if (entry == nullptr || entry->waits[index_of(watch.interest_)] != &watch) {
        return std::make_error_code(std::errc::operation_canceled);
    }
    EDDY_ASSERT(watch.state_ == fd_wait::state::delivered);
    set_state(watch, fd_wait::state::armed);
    const std::error_code error = apply(watch.fd_, *entry);
    if (error) {
        entry->waits[index_of(watch.interest_)] = nullptr;
        set_state(watch, fd_wait::state::idle);
    }
    return error;
}

removed_watch reactor::remove_reader(int fd) noexcept {
    return remove(fd, interest::read);
}

removed_watch reactor::remove_writer(int fd) noexcept {
    return remove(fd, interest::write);
}

// -- descriptors --

void reactor::forget(int fd) noexcept {
    fd_wait_list ready;
    {
        const std::lock_guard hold(mutex_);
        record* entry = find(fd);
        if (entry == nullptr) {
            return;
        }
        take(*entry, interest::read, fd_wait::forgotten, ready);
        take(*entry, interest::write, fd_wait::forgotten, ready);
        entry->waits = {};
        static_cast<void>(apply(fd, *entry)); // only removes: nothing is left to fail for
    }
    static_cast<void>(call(ready));
}

// -- registrations --

std::error_code reactor::watch(int fd, unsigned events, std::uint64_t tag) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    return sys::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void reactor::unwatch(int fd) noexcept {
    static_cast<void>(sys::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr));
}

// -- the loop --

std::size_t reactor::poll(std::chrono::nanoseconds timeout, std::size_t events_max,
                          poller who) noexcept {
    std::array<epoll_event, batch_max> batch;
    const std::size_t count =
        wait(timeout, std::span(batch).first(std::min(events_max, batch_max)));
    if (count == 0) {
        return 0;
    }
    polling_.fetch_add(1, relaxed); // P1 carries it: what is taken after this
    fd_wait_list ready;
    take(std::span(batch).first(count), who, ready);
    const std::size_t called = call(ready);
    polling_.fetch_sub(1, release); // P2
    return called;
}

bool reactor::wait_until_ready(std::chrono::nanoseconds timeout) noexcept {
    pollfd self{.fd = epoll_.get(), .events = POLLIN, .revents = 0};
    return sys::poll({&self, 1}, timeout) != 0;
}

void reactor::take_ready(std::chrono::nanoseconds timeout, std::size_t events_max, poller who,
                         fd_wait_list& ready) noexcept {
    std::array<epoll_event, batch_max> batch;
    const std::size_t count =
        wait(timeout, std::span(batch).first(std::min(events_max, batch_max)));
    if (count != 0) {
        take(std::span(batch).first(count), who, ready);
    }
}

std::size_t reactor::wait(std::chrono::nanoseconds timeout, std::span<epoll_event> into) noexcept {
    EDDY_ASSERT(!into.empty());
    return sys::epoll_pwait2(epoll_.get(), into, timeout);
}

void reactor::take(std::span<const epoll_event> events, poller who, fd_wait_list& ready) noexcept {
    std::unique_lock hold(mutex_, std::defer_lock);
    for (const epoll_event& event : events) {
        if (registration::is_tag(event.data.u64)) {
            registration::deliver(event.data.u64, event.events, ready);
        } else if (tag::of(event).fd != interrupt_.get()) {
            if (!hold) {
                hold.lock();
            }
            collect(event, ready);
        } else if (who == poller::owner) {
            sys::eventfd_read(interrupt_.get());
        }
    }
}

std::size_t reactor::call(fd_wait_list& ready) noexcept {
    std::size_t called = 0;
    while (fd_wait* wait = ready.pop_front()) {
        wait->ready_(*wait, wait->events_);
        ++called;
        // GONE: *wait belongs to its owner again.
    }
    return called;
}

// -- for whoever waits outside, or asks what is left --

bool reactor::any_armed() const noexcept {
    return armed_.load(acquire) != 0 || registration::any_waits(*this) || // P1
           polling_.load(acquire) != 0;                                   // P2
}

std::vector<reactor::watched> reactor::all_watched() {
    const std::lock_guard hold(mutex_);
    std::vector<watched> out;
    for (const record& entry : records_) {
        for (const fd_wait* wait : entry.waits) {
            if (wait != nullptr) {
                out.push_back({.fd = wait->fd_, .what = wait->interest_});
            }
        }
    }
    return out;
}

// -- private --

std::error_code reactor::attach(int fd, interest what, fd_wait& wait,
                                fd_wait::lifetime life) noexcept {
    const std::lock_guard hold(mutex_);
    EDDY_ASSERT(wait.state_ != fd_wait::state::armed);
    if (const std::error_code error = make_room(fd)) {
        return error;
    }
    record& entry = *find(fd);
    fd_wait*& place = entry.waits[index_of(what)];
    if (place != nullptr) {
        return std::make_error_code(std::errc::file_exists);
    }
    wait.fd_ = fd;
    wait.interest_ = what;
    wait.lifetime_ = life;
    set_state(wait, fd_wait::state::armed);
    place = &wait;
    const std::error_code error = apply(fd, entry);
    if (error) {
        place = nullptr;
        set_state(wait, fd_wait::state::idle);
    }
    return error;
}

std::error_code reactor::make_room(int fd) noexcept {
    if (fd < 0) {
        return std::make_error_code(std::errc::bad_file_descriptor);
    }
    if (fd == epoll_.get() || fd == interrupt_.get()) {
        return std::make_error_code(std::errc::invalid_argument);
    }
    if (find(fd) != nullptr) {
        return {};
    }
    // Is it open at all? A wrong number, taken for an index, could ask for gigabytes.
    const std::error_code probe = sys::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    if (probe && probe != std::errc::no_such_file_or_directory) {
        return probe;
    }
    try {
        records_.resize(static_cast<std::size_t>(fd) + 1);
    } catch (const std::bad_alloc&) {
        return std::make_error_code(std::errc::not_enough_memory);
    }
    return {};
}

void reactor::set_state(fd_wait& wait, fd_wait::state next) noexcept {
    const std::size_t before = armed_.load(relaxed); // locked:
    const std::size_t fewer = wait.state_ == fd_wait::state::armed ? 1 : 0;
    const std::size_t more = next == fd_wait::state::armed ? 1 : 0;
    armed_.store(before - fewer + more, release); // P1
    wait.state_ = next;
}

/// Makes the kernel watch for what the armed waits of `fd` want (I3). Each change starts a
/// generation: an event that another thread has fetched but not yet handled is dropped then, and
/// none is lost, because the kernel looks at the descriptor again when it is changed.
std::error_code reactor::apply(int fd, record& entry) noexcept {
    unsigned wanted = 0;
    for (const fd_wait* wait : entry.waits) {
        if (wait != nullptr && wait->state_ == fd_wait::state::armed) {
            wanted |= wait->interest_ == interest::read ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
        }
    }
    const std::uint32_t generation = entry.generation + 1;
    epoll_event event = tag{.fd = fd, .generation = generation}.with(wanted | EPOLLONESHOT);
    std::error_code error;
    if (wanted == 0) {
        if (entry.registered) { // it may fail: closed descriptors are gone from the kernel already
            static_cast<void>(sys::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr));
        }
        entry.registered = false;
    } else {
        if (entry.registered) {
            error = sys::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
        }
        // ENOENT: the descriptor was closed and its number is another file's now.
        if (!entry.registered || error == std::errc::no_such_file_or_directory) {
            error = sys::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
            entry.registered = !error;
        }
    }
    if (!error) {
        entry.generation = generation;
    }
    return error;
}

void reactor::detach(fd_wait& wait) noexcept {
    record& entry = *find(wait.fd_);
    entry.waits[index_of(wait.interest_)] = nullptr;
    set_state(wait, fd_wait::state::idle);
    // It asks for less; if that fails, an event may come that nobody waits for, and is dropped.
    static_cast<void>(apply(wait.fd_, entry));
}

removed_watch reactor::remove(int fd, interest what) noexcept {
    const std::lock_guard hold(mutex_);
    record* entry = find(fd);
    fd_wait* watch = entry == nullptr ? nullptr : entry->waits[index_of(what)];
    if (watch == nullptr || watch->lifetime_ != fd_wait::lifetime::watch) {
        return {};
    }
    const bool waiting = watch->state_ == fd_wait::state::armed;
    detach(*watch);
    return {.watch = watch,
            .was = waiting ? removed_watch::found::waiting : removed_watch::found::running};
}

void reactor::collect(const epoll_event& event, fd_wait_list& ready) noexcept {
    const tag from = tag::of(event);
    record* entry = find(from.fd);
    if (entry == nullptr || entry->generation != from.generation) {
        return; // I2
    }
    if ((event.events & wakes_reader) != 0) {
        take(*entry, interest::read, event.events, ready);
    }
    if ((event.events & wakes_writer) != 0) {
        take(*entry, interest::write, event.events, ready);
    }
    // The event has disabled the descriptor; who waits for the other direction needs it back.
    if (has_armed(*entry) && apply(from.fd, *entry)) {
        take(*entry, interest::read, EPOLLERR, ready);
        take(*entry, interest::write, EPOLLERR, ready);
    }
}

void reactor::take(record& entry, interest what, unsigned events, fd_wait_list& ready) noexcept {
    fd_wait*& place = entry.waits[index_of(what)];
    fd_wait* wait = place;
    if (wait == nullptr || wait->state_ != fd_wait::state::armed) {
        return;
    }
    set_state(*wait, fd_wait::state::delivered);
    wait->events_ = events;
    ready.push_back(*wait);
    if (wait->lifetime_ == fd_wait::lifetime::once) {
        place = nullptr;
    }
}

bool reactor::has_armed(const record& entry) noexcept {
    return std::ranges::any_of(entry.waits, [](const fd_wait* wait) {
        return wait != nullptr && wait->state_ == fd_wait::state::armed;
    });
}

reactor::record* reactor::find(int fd) noexcept {
    const auto index = static_cast<std::size_t>(fd);
    return fd >= 0 && index < records_.size() ? &records_[index] : nullptr;
}

} // namespace eddy::inline v0
