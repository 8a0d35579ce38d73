// servers.cpp — the list of the echo servers that are written in C++.

#include "common.hpp"

#include <array>

namespace eddy::compare::echo {

namespace {

constexpr std::array all{
    named_server{.name = "raw_epoll", .run = serve_raw_epoll, .needs = {}},
    named_server{.name = "eddy", .run = serve_eddy, .needs = {}},
    named_server{.name = "eddy_sockets", .run = serve_eddy_sockets, .needs = {}},
    named_server{.name = "threads", .run = serve_threads, .needs = {}},
    named_server{.name = "processes", .run = serve_processes, .needs = {}},
#ifdef EDDY_ECHO_ASIO
    named_server{.name = "asio", .run = serve_asio, .needs = {}},
#else
    named_server{.name = "asio", .run = nullptr, .needs = "libasio-dev"},
#endif
#ifdef EDDY_ECHO_LIBUV
    named_server{.name = "libuv", .run = serve_libuv, .needs = {}},
#else
    named_server{.name = "libuv", .run = nullptr, .needs = "libuv1-dev"},
#endif
};

} // namespace

std::span<const named_server> servers() noexcept {
    return all;
}

} // namespace eddy::compare::echo
