// common.hpp — echo: servers that send back what they get, on loopback.
//
// Size:     how many connections are open at once; each waits for its answer before it asks again.
// Measured: by load.hpp, in a process of its own: requests per second, latencies, and the CPU time
//           of the server for a request.
//
// Every server says where it listens, serves any number of connections, and ends with its process.

#pragma once

#include "endpoint.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <stdexcept>
#include <string_view>

namespace eddy::compare::echo {

struct server_options {
    transport over = transport::tcp;
    unsigned cores = 1;                             // loops, each with a thread of its own
    std::size_t buffer_bytes = 4096;                // what a server receives at once, at most
    std::chrono::nanoseconds burn{};                // what a request that begins so keeps its loop
    std::function<void(const endpoint&)> listening; // called once, when clients may come
};

/// How a message begins that asks the server to burn processor time before it answers.
inline constexpr std::uint64_t burn_mark = 0x6e72'7562'2079'6464; // "ddy burn"

/// Keeps this thread busy for `burn`, if the message asks for that. It must have come as a whole:
/// small ones do.
inline void burn_if_asked(std::span<const std::byte> message, std::chrono::nanoseconds burn) {
    std::uint64_t begins = 0;
    if (burn.count() == 0 || message.size() < sizeof begins) {
        return;
    }
    std::memcpy(&begins, message.data(), sizeof begins);
    if (begins == burn_mark) {
        const auto end = std::chrono::steady_clock::now() + burn;
        while (std::chrono::steady_clock::now() < end) {
        }
    }
}

/// Serves for ever. Throws: what the system refused; std::invalid_argument if it does not offer
/// the transport.
using server = void (*)(const server_options& asked);

void serve_raw_epoll(const server_options& asked);
void serve_eddy(const server_options& asked);
void serve_eddy_sockets(const server_options& asked);
void serve_threads(const server_options& asked);
void serve_processes(const server_options& asked);
void serve_asio(const server_options& asked);
void serve_libuv(const server_options& asked);

struct named_server {
    std::string_view name;
    server run = nullptr;
    std::string_view needs; // the Debian package that was missing at the build, if run is null
};

/// All of them, also those that were not built.
[[nodiscard]] std::span<const named_server> servers() noexcept;

/// For servers that know streams only. Throws: std::invalid_argument for others than `only`.
inline void require(transport asked, transport only) {
    if (asked != only) {
        throw std::invalid_argument("this server does not offer that transport");
    }
}

} // namespace eddy::compare::echo
