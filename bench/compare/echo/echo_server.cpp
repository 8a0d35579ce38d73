// echo_server.cpp — one of the echo servers, for echo_load.
//
// Question: what echo_load asks.   Unit: none; prints where it listens, and serves.
// Valid if: it is alone on its cores, which is bench/compare/echo/run.py's business.
//
// Ends, with status 0, by SIGTERM or when the pipe that is its stdin is closed. It has no thread
// to wait for either: a second thread makes each system call of the first one dearer.

#include "common.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace {

using namespace eddy::compare::echo;

void end_by_signal(int /*signal*/) {
    ::_exit(0);
}

bool is_at_end(int fd) {
    pollfd state{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & POLLHUP) != 0;
}

// The kernel sends SIGIO when the other end of a pipe is closed.
void end_with_stdin() {
    (void)std::signal(SIGIO, end_by_signal);
    (void)::fcntl(STDIN_FILENO, F_SETOWN, ::getpid());
    const int flags = ::fcntl(STDIN_FILENO, F_GETFL);
    (void)::fcntl(STDIN_FILENO, F_SETFL, flags | O_ASYNC);
    if (is_at_end(STDIN_FILENO)) {
        ::_exit(0);
    }
}

const named_server* find(const std::string& name) {
    for (const named_server& each : servers()) {
        if (each.name == name) {
            return &each;
        }
    }
    return nullptr;
}

} // namespace

int main(int count, char** arguments) {
    server_options asked;
    std::string name;
    std::string transport = "tcp";
    std::int64_t burn_us = 0;
    CLI::App options("An echo server: raw_epoll, eddy, eddy_sockets, threads, asio or libuv.");
    options.add_option("server", name)->required();
    options.add_option("--transport", transport, "tcp, udp or unix");
    options.add_option("--cores", asked.cores, "loops, each with a thread");
    options.add_option("--buffer", asked.buffer_bytes, "bytes that are received at once, at most");
    options.add_option("--burn-us", burn_us,
                       "processor time that a request of echo_load --burn-share takes");
    CLI11_PARSE(options, count, arguments);
    asked.burn = std::chrono::microseconds(burn_us);
    const named_server* const chosen = find(name);
    if (chosen == nullptr) {
        std::fprintf(stderr, "echo_server: there is no server %s\n", name.c_str());
        return 2;
    }
    if (chosen->run == nullptr) {
        std::fprintf(stderr, "echo_server: %s was not built: no %s here\n", name.c_str(),
                     std::string(chosen->needs).c_str());
        return 3;
    }
    (void)std::signal(SIGTERM, end_by_signal);
    end_with_stdin();
    asked.listening = [](const endpoint& where) {
        std::printf("%s\n", where.str().c_str());
        (void)std::fflush(stdout);
    };
    try {
        asked.over = endpoint::parse(transport).over;
        chosen->run(asked);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "echo_server: %s: %s\n", name.c_str(), error.what());
        return 1;
    }
}
