// threads.cpp — echo by blocking calls, with a thread for each connection.
//
// Cores are the system's business: it runs as many threads as it has cores, wherever it likes.

#include "blocking.hpp"
#include "common.hpp"

#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>

namespace eddy::compare::echo {

void serve_threads(const server_options& asked) {
    if (asked.over == transport::udp) {
        throw std::invalid_argument("threads: a thread per connection needs connections");
    }
    const owned_fd listener = listen_at({.over = asked.over, .name = {}});
    if (::fcntl(listener.get(), F_SETFL, 0) < 0) {
        throw_last_error("fcntl");
    }
    asked.listening(endpoint_of(listener, asked.over));
    for (;;) {
        owned_fd made(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (made.get() < 0) {
            throw_last_error("accept4");
        }
        set_no_delay(made.get());
        std::thread([connection = std::move(made), asked] {
            echo_blocking(connection, asked);
        }).detach();
    }
}

} // namespace eddy::compare::echo
