// tcp_echo.cpp — a TCP service on all cores, and a client that talks to it.
//
// Shows:     start_server, streams, drain, what a server says when it ends.
// Output:
//   echo of hello
//   echo of goodbye
//   the server closed with 1 connection finished

#include <eddy/eddy.hpp>
#include <eddy/net.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

eddy::coro<> echo(eddy::stream_reader in, eddy::stream_writer out) {
    while (true) {
        const std::string line = co_await in.readline();
        if (line.empty()) {
            co_return; // the peer has closed; so does this end, when `out` is gone
        }
        out.write("echo of " + line);
        co_await out.drain();
    }
}

eddy::coro<> talk(std::uint16_t port) {
    auto [in, out] = co_await eddy::open_connection("127.0.0.1", port);
    for (const char* word : {"hello\n", "goodbye\n"}) {
        out.write(word);
        std::fputs((co_await in.readline()).c_str(), stdout);
    }
    out.close();
}

eddy::coro<> amain() {
    eddy::server server = co_await eddy::start_server(echo, "127.0.0.1", 0);
    co_await talk(server.port());
    const eddy::drain_report end = co_await server.drain(10s);
    std::printf("the server closed with %zu connection finished\n", end.finished);
}

int main() {
    eddy::run(amain());
}
