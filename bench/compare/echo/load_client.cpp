// load_client.cpp — one thread's share of the load: its connections and the epoll they are in.

#include "load_client.hpp"

#include "common.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

namespace eddy::compare::echo {

namespace {

// More than an answer is asked for, so that a surplus is seen.
constexpr std::size_t surplus_bytes = 64;

constexpr auto overdue_after = std::chrono::milliseconds(100);

// A closed loop with nothing to read looks at the clock this often.
constexpr auto wait_max = std::chrono::milliseconds(10);

bool would_block() noexcept {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

std::uint64_t mix(std::uint64_t value) noexcept { // splitmix64
    value += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111eb;
    return value ^ (value >> 31U);
}

} // namespace

load_client::load_client(const load_options& asked, unsigned first, unsigned connections)
    : asked_(asked), first_(first), links_(connections), message_(asked.message_bytes),
      received_(asked.message_bytes + surplus_bytes), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_.get() < 0) {
        throw_last_error("epoll_create1");
    }
    if (asked.rate > 0) {
        nanoseconds_between_ = 1e9 * asked.connections / (asked.rate * connections);
    }
    for (std::size_t i = 0; i < links_.size(); ++i) {
        link& each = links_[i];
        each.fd = connect_to(asked.to);
        each.number = i;
        epoll_event event{.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data = {.ptr = &each}};
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, each.fd.get(), &event) < 0) {
            throw_last_error("epoll_ctl");
        }
    }
}

void load_client::run(const schedule& when, const std::function<void()>& at_begin,
                      const std::function<void()>& at_end) {
    (void)::prctl(PR_SET_TIMERSLACK, 1UL);
    start_ = when.start;
    ask_first(when);
    clock::time_point now = clock::now();
    for (bool begun = false; !finished(now, when); now = clock::now()) {
        if (!begun && now >= when.begin) {
            begun = true;
            at_begin();
        }
        if (nanoseconds_between_ > 0) {
            ask_due(now);
        }
        wait(now, when);
    }
    at_end();
    count_overdue(now);
}

std::vector<std::uint64_t> load_client::answered() const {
    std::vector<std::uint64_t> counts;
    counts.reserve(links_.size());
    for (const link& each : links_) {
        counts.push_back(each.counted);
    }
    return counts;
}

// -- asking --

clock::time_point load_client::due_at(const link& of, std::uint64_t request) const noexcept {
    const auto position = static_cast<double>(request * links_.size() + of.number);
    return start_ +
           std::chrono::nanoseconds(static_cast<std::int64_t>(position * nanoseconds_between_));
}

void load_client::ask_first(const schedule& when) {
    if (nanoseconds_between_ > 0) {
        return; // they come when they are due
    }
    for (link& each : links_) {
        each.due = 1;
        ask(each, std::max(clock::now(), when.start));
    }
}

void load_client::ask_due(clock::time_point now) {
    for (;;) {
        link& next = links_[due_ % links_.size()];
        const clock::time_point due = due_at(next, next.due);
        if (due > now) {
            return;
        }
        ++due_;
        ++next.due;
        if (next.asked == next.complete) {
            ask(next, due);
        }
    }
}

void load_client::ask(link& of, clock::time_point since) {
    ++of.asked;
    of.since = since;
    of.unsent = of.missing = asked_.message_bytes;
    write_rest(of);
}

void load_client::write_rest(link& of) {
    write_message(of, message_);
    while (of.unsent > 0) {
        const auto rest = std::span(message_).last(of.unsent);
        const ssize_t sent = ::send(of.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (!would_block()) {
                throw_last_error("send");
            }
            if (!of.watches_room) {
                of.watches_room = true;
                epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                  .data = {.ptr = &of}};
                (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, of.fd.get(), &event);
            }
            return;
        }
        of.unsent -= static_cast<std::size_t>(sent);
    }
}

// By chance, but the same in each run.
bool load_client::burns(const link& of) const noexcept {
    constexpr double range = 18446744073709551616.0; // 2^64
    const std::uint64_t drawn = mix(mix((of.asked << 20U) + first_ + of.number));
    return static_cast<double>(drawn) < asked_.burn_share * range;
}

// Each message differs from those before it and from those of other connections in every word.
void load_client::write_message(const link& of, std::span<std::byte> into) const noexcept {
    std::uint64_t word = mix(((first_ + of.number) << 40U) + of.asked);
    for (std::size_t at = 0; at < into.size(); at += sizeof word) {
        std::memcpy(&into[at], &word, std::min(sizeof word, into.size() - at));
        word = word * 6364136223846793005 + 1442695040888963407;
    }
    if (burns(of)) {
        std::memcpy(into.data(), &burn_mark, sizeof burn_mark);
    }
}

// -- answers --

void load_client::serve(link& of, std::uint32_t events, const schedule& when) {
    if ((events & EPOLLOUT) != 0 && of.unsent > 0) {
        write_rest(of);
    }
    for (;;) {
        const std::size_t room = of.missing + surplus_bytes;
        const ssize_t got = ::recv(of.fd.get(), received_.data(), room, 0);
        if (got < 0) {
            if (!would_block()) {
                throw_last_error("recv");
            }
            return;
        }
        if (got == 0) {
            throw wrong_result("the server closed a connection");
        }
        check(of, static_cast<std::size_t>(got));
        if (of.missing == 0) {
            take_answer(of, when);
        }
        if (static_cast<std::size_t>(got) < room &&
            (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) {
            return; // more than the answer was asked for: nothing else is there
        }
    }
}

void load_client::check(link& of, std::size_t got) {
    if (got > of.missing) {
        throw wrong_result("an answer is longer than its question");
    }
    write_message(of, message_);
    const std::size_t before = asked_.message_bytes - of.missing;
    if (std::memcmp(received_.data(), &message_[before], got) != 0) {
        throw wrong_result("an answer is not its question");
    }
    of.missing -= got;
}

void load_client::take_answer(link& of, const schedule& when) {
    const clock::time_point now = clock::now();
    ++of.complete;
    if (now >= when.begin && now < when.end) {
        (burns(of) ? burnt_ : latency_).add(now - of.since);
        ++of.counted;
    }
    if (of.complete == asked_.requests_each) {
        ++ready_links_;
        return;
    }
    if (nanoseconds_between_ > 0) {
        if (of.asked < of.due) {
            ask(of, due_at(of, of.asked));
        }
        return;
    }
    ++of.due;
    ask(of, now);
}

// -- time --

void load_client::wait(clock::time_point now, const schedule& when) {
    clock::time_point until = std::min(now + wait_max, when.end);
    if (nanoseconds_between_ > 0) {
        const link& next = links_[due_ % links_.size()];
        until = std::min(until, due_at(next, next.due));
    }
    const auto left = std::max(until - now, clock::duration::zero());
    const timespec timeout{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(left).count()};
    std::array<epoll_event, 256> events;
    const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                     &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        serve(*static_cast<link*>(event.data.ptr), event.events, when);
    }
}

bool load_client::finished(clock::time_point now, const schedule& when) const noexcept {
    if (now >= when.end) {
        return true;
    }
    return asked_.requests_each > 0 && ready_links_ == links_.size();
}

void load_client::count_overdue(clock::time_point end) {
    for (const link& each : links_) {
        if (nanoseconds_between_ == 0) {
            overdue_ += each.asked > each.complete && end - each.since > overdue_after ? 1 : 0;
            continue;
        }
        for (std::uint64_t i = each.complete; i < each.due; ++i) {
            overdue_ += end - due_at(each, i) > overdue_after ? 1 : 0;
        }
    }
}

} // namespace eddy::compare::echo
