// tcp_proxy.cpp — a proxy: what comes from one side goes to the other, both ways at once, with the
// back-pressure of the slower one.
//
// Shows:     gather over the two directions, drain, half-closed connections.
// Output:
//   through the proxy: 1000000 bytes, all of them right

#include <eddy/eddy.hpp>
#include <eddy/net.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <span>
#include <string>

using namespace std::chrono_literals;

namespace {

eddy::coro<> copy(eddy::stream_reader& from, eddy::stream_writer& to) {
    std::array<std::byte, 16384> piece;
    while (const std::size_t bytes = co_await from.read_into(piece)) {
        to.write(std::span(piece).first(bytes));
        co_await to.drain(); // the slower side sets the pace
    }
    to.write_eof();
}

eddy::coro<> forward(std::uint16_t to, eddy::stream_reader in, eddy::stream_writer out) {
    auto [far_in, far_out] = co_await eddy::open_connection("127.0.0.1", to);
    co_await eddy::gather(copy(in, far_out), copy(far_in, out));
}

eddy::coro<> echo(eddy::stream_reader in, eddy::stream_writer out) {
    co_await copy(in, out);
}

eddy::coro<> send_all(eddy::stream_writer& out, const std::string& text) {
    for (std::size_t at = 0; at < text.size(); at += 10'000) {
        out.write(std::string_view(text).substr(at, 10'000));
        co_await out.drain();
    }
    out.write_eof();
}

eddy::coro<> amain() {
    eddy::server target = co_await eddy::start_server(echo, "127.0.0.1", 0);
    eddy::server proxy = co_await eddy::start_server(
        [port = target.port()](eddy::stream_reader in, eddy::stream_writer out) {
            return forward(port, std::move(in), std::move(out));
        },
        "127.0.0.1", 0);

    std::string sent(1'000'000, '?');
    for (std::size_t i = 0; i != sent.size(); ++i) {
        sent[i] = static_cast<char>('a' + i % 23);
    }
    auto [in, out] = co_await eddy::open_connection("127.0.0.1", proxy.port());
    auto [unused, received] = co_await eddy::gather(send_all(out, sent), in.read());
    std::printf("through the proxy: %zu bytes, %s\n", received.size(),
                received == sent ? "all of them right" : "not those that were sent");
    out.close();
    (void)co_await proxy.drain(10s);
    (void)co_await target.drain(10s);
}

} // namespace

int main() {
    eddy::run(amain());
}
