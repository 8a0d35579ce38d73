// eddy.cpp — echo by eddy's streams, as a user writes it.

#include "common.hpp"
#include <eddy/eddy.hpp>
#include <eddy/net/server.hpp>

#include <utility>
#include <vector>

namespace eddy::compare::echo {

namespace {

eddy::coro<> echo(eddy::stream_reader& reader, eddy::stream_writer& writer,
                  const server_options& asked) {
    std::vector<std::byte> buffer(asked.buffer_bytes);
    while (const std::size_t got = co_await reader.read_into(buffer)) {
        burn_if_asked(std::span(buffer).first(got), asked.burn);
        writer.write(std::span(buffer).first(got));
        co_await writer.drain();
    }
}

eddy::coro<> serve(const server_options& asked) {
    owned_fd listening = listen_at({.over = asked.over, .name = {}});
    const endpoint where = endpoint_of(listening, asked.over);
    std::vector<eddy::socket> sockets;
    sockets.push_back(eddy::socket::adopt(std::move(listening)));
    const auto handler = [&asked](eddy::stream_reader reader,
                                  eddy::stream_writer writer) -> eddy::coro<> {
        try {
            co_await echo(reader, writer, asked);
        } catch (const std::system_error&) {
            // Reset by the peer: nobody is left to answer.
        }
    };
    eddy::server server = eddy::listen_on(handler, std::move(sockets));
    asked.listening(where);
    co_await server.serve_forever();
}

} // namespace

void serve_eddy(const server_options& asked) {
    if (asked.over == transport::udp) {
        throw std::invalid_argument("eddy: datagrams are no streams; ask eddy_sockets");
    }
    eddy::run(serve(asked), {.workers = asked.cores});
}

} // namespace eddy::compare::echo
