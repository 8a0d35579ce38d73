// eddy_sockets.cpp — echo by eddy's sockets: a task per connection, on any worker.

#include "common.hpp"
#include <eddy/core/coro.hpp>
#include <eddy/net/socket.hpp>
#include <eddy/sched/create_task.hpp>
#include <eddy/sched/runtime.hpp>

#include <utility>
#include <vector>

namespace eddy::compare::echo {

namespace {

eddy::coro<> serve_connection(eddy::socket connection, const server_options& asked) {
    std::vector<std::byte> buffer(asked.buffer_bytes);
    while (const std::size_t got = co_await connection.recv_into(buffer)) {
        burn_if_asked(std::span(buffer).first(got), asked.burn);
        co_await connection.sendall(std::span(buffer).first(got));
    }
}

// A connection that breaks ends its own task and nothing else.
eddy::coro<> serve_until_broken(eddy::socket connection, const server_options& asked) {
    try {
        co_await serve_connection(std::move(connection), asked);
    } catch (const std::system_error&) {
        // Reset by the peer: nobody is left to answer.
    }
}

eddy::coro<> serve_datagrams(eddy::socket from, std::size_t buffer_bytes) {
    std::vector<std::byte> buffer(buffer_bytes);
    for (;;) {
        const eddy::datagram got = co_await from.recvfrom(buffer);
        co_await from.sendto(std::span(buffer).first(got.bytes), got.from);
    }
}

// A server in each worker's place, all on one port.
eddy::coro<> serve_all_datagrams(const endpoint& where, owned_fd first,
                                 const server_options& asked) {
    for (unsigned i = 1; i < asked.cores; ++i) {
        eddy::create_task(
            serve_datagrams(eddy::socket::adopt(listen_at(where)), asked.buffer_bytes));
    }
    asked.listening(where);
    co_await serve_datagrams(eddy::socket::adopt(std::move(first)), asked.buffer_bytes);
}

eddy::coro<> serve_streams(const endpoint& where, owned_fd listening, const server_options& asked) {
    eddy::socket listener = eddy::socket::adopt(std::move(listening));
    asked.listening(where);
    for (;;) {
        eddy::accepted made = co_await listener.accept();
        made.connection.set_no_delay(eddy::toggle::on);
        eddy::create_task(serve_until_broken(std::move(made.connection), asked));
    }
}

eddy::coro<> serve(const server_options& asked) {
    owned_fd listening = listen_at({.over = asked.over, .name = {}});
    const endpoint where = endpoint_of(listening, asked.over);
    if (asked.over == transport::udp) {
        co_await serve_all_datagrams(where, std::move(listening), asked);
    } else {
        co_await serve_streams(where, std::move(listening), asked);
    }
}

} // namespace

void serve_eddy_sockets(const server_options& asked) {
    eddy::run(serve(asked), {.workers = asked.cores});
}

} // namespace eddy::compare::echo
