// processes.cpp — echo by blocking calls, with a forked process for each connection.
//
// Cores are the system's business, as with threads. The children end with their connections.

#include "blocking.hpp"
#include "common.hpp"

#include <csignal>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace eddy::compare::echo {

void serve_processes(const server_options& asked) {
    if (asked.over == transport::udp) {
        throw std::invalid_argument("processes: a process per connection needs connections");
    }
    owned_fd listener = listen_at({.over = asked.over, .name = {}});
    if (::fcntl(listener.get(), F_SETFL, 0) < 0) {
        throw_last_error("fcntl");
    }
    (void)std::signal(SIGCHLD, SIG_IGN); // the kernel buries them
    asked.listening(endpoint_of(listener, asked.over));
    for (;;) {
        const owned_fd made(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (made.get() < 0) {
            throw_last_error("accept4");
        }
        set_no_delay(made.get());
        const pid_t child = ::fork();
        if (child < 0) {
            throw_last_error("fork");
        }
        if (child == 0) {
            (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
            listener.reset();
            echo_blocking(made, asked);
            ::_exit(0);
        }
    }
}

} // namespace eddy::compare::echo
