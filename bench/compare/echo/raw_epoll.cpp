// raw_epoll.cpp — echo by bare epoll loops, one per core: what the system calls alone take.
//
// Edge-triggered; a receive that fills less than the buffer found everything that was there, so a
// request is one recv and one send. The first loop accepts and hands the connections round.
//
// Threads:    each connection belongs to one loop; epoll_ctl is what crosses between them.

#include "common.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace eddy::compare::echo {

namespace {

enum class role : std::uint8_t { listener, stream, datagrams };

struct source {
    owned_fd fd;
    role is = role::stream;
    std::vector<std::byte> unsent; // while the peer does not read
};

enum class progress : std::uint8_t { all, blocked, broken };

bool would_block() noexcept {
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

class loop {
public:
    explicit loop(const server_options& asked) : buffer_(asked.buffer_bytes), burn_(asked.burn) {
        if (epoll_.get() < 0) {
            throw_last_error("epoll_create1");
        }
    }

    // Any thread.
    void add(owned_fd fd, role is) {
        auto made = std::make_unique<source>(source{.fd = std::move(fd), .is = is, .unsent = {}});
        control(EPOLL_CTL_ADD, *made, EPOLLIN | EPOLLRDHUP);
        (void)made.release(); // the epoll refers to it; drop() takes it back
    }

    [[noreturn]] void run(std::span<const std::unique_ptr<loop>> all) {
        std::array<epoll_event, 256> events;
        for (;;) {
            const int count =
                ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                const epoll_event& event = events[static_cast<std::size_t>(i)];
                serve(*static_cast<source*>(event.data.ptr), event.events, all);
            }
        }
    }

private:
    void control(int operation, source& of, std::uint32_t what) const {
        epoll_event event{.events = what | EPOLLET, .data = {.ptr = &of}};
        if (::epoll_ctl(epoll_.get(), operation, of.fd.get(), &event) < 0) {
            throw_last_error("epoll_ctl");
        }
    }

    void serve(source& from, std::uint32_t events, std::span<const std::unique_ptr<loop>> all) {
        switch (from.is) {
        case role::listener:
            accept_all(from, all);
            break;
        case role::stream:
            if (echo(from, events) == progress::broken) {
                delete &from; // closes it, which takes it out of the epoll
            }
            break;
        case role::datagrams:
            echo_datagrams(from);
            break;
        }
    }

    void accept_all(const source& listener, std::span<const std::unique_ptr<loop>> all) {
        for (;;) {
            owned_fd made(
                ::accept4(listener.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (made.get() < 0) {
                return;
            }
            set_no_delay(made.get());
            all[next_++ % all.size()]->add(std::move(made), role::stream);
        }
    }

    progress echo(source& with, std::uint32_t events) {
        if (!with.unsent.empty()) {
            const auto waiting = std::exchange(with.unsent, {});
            if (const progress made = send_all(with, waiting); made != progress::all) {
                return made;
            }
        }
        // A short receive has seen all of the bytes, but not the end that may follow them.
        const bool ends = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        for (;;) {
            const ssize_t got = ::recv(with.fd.get(), buffer_.data(), buffer_.size(), 0);
            if (got <= 0) {
                return got < 0 && would_block() ? progress::blocked : progress::broken;
            }
            const auto bytes = std::span(buffer_).first(static_cast<std::size_t>(got));
            burn_if_asked(bytes, burn_);
            if (const progress made = send_all(with, bytes); made != progress::all) {
                return made;
            }
            if (bytes.size() < buffer_.size() && !ends) {
                return progress::all;
            }
        }
    }

    progress send_all(source& to, std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(to.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) {
                if (!would_block()) {
                    return progress::broken;
                }
                to.unsent.assign(bytes.begin(), bytes.end());
                control(EPOLL_CTL_MOD, to, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
                return progress::blocked;
            }
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        }
        return progress::all;
    }

    void echo_datagrams(const source& with) {
        for (;;) {
            sockaddr_storage peer{};
            socklen_t size = sizeof peer;
            auto* const name = reinterpret_cast<sockaddr*>(&peer);
            const ssize_t got =
                ::recvfrom(with.fd.get(), buffer_.data(), buffer_.size(), 0, name, &size);
            if (got < 0) {
                return;
            }
            // One that cannot be sent is lost, as any may be.
            (void)::sendto(with.fd.get(), buffer_.data(), static_cast<std::size_t>(got), 0, name,
                           size);
        }
    }

    owned_fd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
    std::vector<std::byte> buffer_;
    std::chrono::nanoseconds burn_;
    std::size_t next_ = 0;
};

} // namespace

void serve_raw_epoll(const server_options& asked) {
    std::vector<std::unique_ptr<loop>> loops;
    loops.reserve(asked.cores);
    for (unsigned i = 0; i < asked.cores; ++i) {
        loops.push_back(std::make_unique<loop>(asked));
    }
    owned_fd first = listen_at({.over = asked.over, .name = {}});
    const endpoint where = endpoint_of(first, asked.over);
    if (asked.over == transport::udp) {
        for (unsigned i = 1; i < asked.cores; ++i) {
            loops[i]->add(listen_at(where), role::datagrams);
        }
    }
    loops[0]->add(std::move(first),
                  asked.over == transport::udp ? role::datagrams : role::listener);
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < asked.cores; ++i) {
        threads.emplace_back([&loops, i] { loops[i]->run(loops); });
    }
    asked.listening(where);
    loops[0]->run(loops);
}

} // namespace eddy::compare::echo
