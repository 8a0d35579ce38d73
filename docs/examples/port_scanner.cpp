// port_scanner.cpp — which ports are open: many attempts at once, but never more than a number.
//
// Shows:     map_concurrent over connections, errors as results.
// Output:
//   40 ports tried, 3 of them open, as it should be: yes

#include <eddy/eddy.hpp>
#include <eddy/net.hpp>

#include <algorithm>
#include <cstdio>
#include <system_error>
#include <vector>

namespace {

eddy::coro<bool> is_open(std::uint16_t port) {
    const eddy::socket_address at("127.0.0.1", port);
    eddy::socket probe = eddy::socket::stream(at);
    const auto result = co_await eddy::as_result(probe.connect(at));
    co_return result.has_value();
}

eddy::coro<> amain() {
    std::vector<eddy::socket> sockets; // bound, so that nobody else has the port
    std::vector<std::uint16_t> ports;
    for (int i = 0; i != 40; ++i) {
        const eddy::socket_address any("127.0.0.1", 0);
        sockets.push_back(eddy::socket::stream(any));
        sockets.back().bind(any);
        ports.push_back(sockets.back().local_address().port());
    }
    for (const std::size_t chosen : {3U, 17U, 31U}) {
        sockets[chosen].listen();
    }

    const std::vector<bool> open = co_await eddy::map_concurrent(ports, 8, is_open);
    const bool right = open[3] && open[17] && open[31];
    std::printf("%zu ports tried, %td of them open, as it should be: %s\n", ports.size(),
                std::ranges::count(open, true), right ? "yes" : "no");
}

} // namespace

int main() {
    eddy::run(amain());
}
