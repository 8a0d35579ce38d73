// server.cpp — listening, and the handle of a server.

#include "net/server_core.hpp"
#include <eddy/core/outcome.hpp>
#include <eddy/net/resolve.hpp>
#include <eddy/net/server.hpp>

#include <stdexcept>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

namespace eddy::inline v0 {

namespace {

socket open_listening(const socket_address& at, const server_options& options) {
    socket made = socket::stream(at);
    if (at.family() != address_family::local) {
        made.set_option({.level = SOL_SOCKET, .name = SO_REUSEADDR}, 1);
    }
    if (at.family() == address_family::ipv6) { // IPv4 has a socket of its own
        made.set_option({.level = IPPROTO_IPV6, .name = IPV6_V6ONLY}, 1);
    }
    if (options.accept == server_options::sharing::by_kernel &&
        at.family() != address_family::local) {
        made.set_option({.level = SOL_SOCKET, .name = SO_REUSEPORT}, 1);
    }
    made.bind(at);
    made.listen(options.backlog);
    return made;
}

void check_listens(const socket& each) {
    if (each.option({.level = SOL_SOCKET, .name = SO_ACCEPTCONN}) == 0) {
        throw std::invalid_argument("a server needs sockets that listen; the one at '" +
                                    each.local_address().str() + "' does not");
    }
}

void check_some(const std::vector<socket>& listening) {
    if (listening.empty()) {
        throw std::invalid_argument("a server needs an address to listen on");
    }
}

// A socket for each loop.
void accept_on_each(server_core& core, socket first, const socket_address& at,
                    const server_options& options) {
    std::vector<socket> all;
    all.push_back(std::move(first));
    while (all.size() < core.loops()) {
        all.push_back(open_listening(at, options));
    }
    for (std::size_t loop = 0; loop != all.size(); ++loop) {
        core.accept_on(listening_socket(std::move(all[loop])), loop);
    }
}

bool has_ipv6() {
    const sys::fd_result probe = sys::socket(AF_INET6, SOCK_STREAM, 0);
    const owned_fd closed(probe.fd);
    return !probe.error && !sys::bind(closed.get(), socket_address("::1", 0).bytes());
}

bool is_stale(const socket_address& at) {
    const socket probe = socket::stream(at);
    return sys::connect(probe.fd(), at.bytes()) == std::errc::connection_refused;
}

} // namespace

server& server::operator=(server&& other) noexcept {
    if (this != &other) {
        close();
        core_ = std::move(other.core_);
    }
    return *this;
}

server::~server() {
    close();
}

std::vector<socket_address> server::addresses() const {
    return core_->addresses();
}

std::uint16_t server::port() const {
    const std::vector<socket_address> all = core_->addresses();
    return all.empty() ? std::uint16_t{0} : all.front().port();
}

bool server::is_serving() const noexcept {
    return core_ != nullptr && !core_->closed();
}

std::size_t server::connections() const noexcept {
    return core_ == nullptr ? 0 : core_->connections();
}

coro<> server::serve_forever() {
    const std::shared_ptr<server_core> kept = core_;
    const outcome<void> end = co_await as_result(kept->wait_closed());
    if (!end) {
        kept->close();
        std::rethrow_exception(end.error());
    }
}

void server::close() noexcept {
    if (core_ != nullptr) {
        core_->close();
    }
}

coro<> server::wait_closed() {
    const std::shared_ptr<server_core> kept = core_;
    co_await kept->wait_closed();
    co_await kept->wait_idle();
}

coro<drain_report> server::drain(clock::duration limit) {
    const std::shared_ptr<server_core> kept = core_;
    co_return co_await kept->drain(limit);
}

// -- listening --

server listen_on(connection_handler handler, std::vector<socket> listening,
                 const server_options& options) {
    check_some(listening);
    for (const socket& each : listening) {
        check_listens(each);
    }
    auto core = std::make_shared<server_core>(std::move(handler), options);
    server made(core);
    for (socket& each : listening) {
        core->accept_on(listening_socket(std::move(each)), std::nullopt);
    }
    return made;
}

server listen_on(connection_handler handler, std::span<const socket_address> addresses,
                 const server_options& options) {
    std::vector<socket> listening;
    for (const socket_address& each : addresses) {
        listening.push_back(open_listening(each, options));
    }
    check_some(listening);
    auto core = std::make_shared<server_core>(std::move(handler), options);
    server made(core);
    for (socket& first : listening) {
        const socket_address at = first.local_address(); // with the port that it got
        if (at.family() == address_family::local) {
            core->accept_on(listening_socket(std::move(first), options.remove_path), std::nullopt);
        } else if (options.accept == server_options::sharing::balanced) {
            core->accept_on(listening_socket(std::move(first)), std::nullopt);
        } else {
            accept_on_each(*core, std::move(first), at, options);
        }
    }
    return made;
}

coro<server> start_server(connection_handler handler, std::string host, std::uint16_t port,
                          server_options options) {
    std::vector<socket_address> at;
    if (!host.empty()) {
        at = co_await resolve(host, port, {.use = resolve_options::purpose::listening});
    } else {
        at.emplace_back("", port);
        if (has_ipv6()) {
            at.emplace_back("::", port);
        }
    }
    co_return listen_on(std::move(handler), at, options);
}

coro<server> start_unix_server(connection_handler handler, std::string path,
                               server_options options) {
    const socket_address at = socket_address::local(path);
    if (path.front() != '\0' && sys::find_socket(path.c_str()) && is_stale(at)) {
        sys::unlink(path.c_str());
    }
    co_return listen_on(std::move(handler), std::span(&at, 1), options);
}

} // namespace eddy::inline v0
