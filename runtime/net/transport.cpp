// transport.cpp — bytes over a stream socket.

#include <eddy/net/transport.hpp>

#include <algorithm>
#include <array>

#include <sys/uio.h>

namespace eddy::inline v0 {

transport::~transport() = default;

sys::io_result transport::try_write(std::span<const std::span<const std::byte>> pieces) {
    const auto first =
        std::ranges::find_if(pieces, [](std::span<const std::byte> each) { return !each.empty(); });
    return first == pieces.end() ? sys::io_result{} : try_write(*first);
}

std::string transport::extra_info(std::string_view) const {
    return {};
}

sys::io_result socket_transport::try_read(std::span<std::byte> into) {
    return over_.descriptor().attempt(interest::read, into.size(), "read",
                                      [into](int fd) { return sys::recv(fd, into); });
}

sys::io_result socket_transport::try_write(std::span<const std::byte> bytes) {
    return over_.descriptor().attempt(interest::write, bytes.size(), "write",
                                      [bytes](int fd) { return sys::send(fd, bytes); });
}

sys::io_result socket_transport::try_write(std::span<const std::span<const std::byte>> pieces) {
    constexpr std::size_t pieces_max = 64;
    std::array<iovec, pieces_max> vector; // as many as are used
    const std::size_t count = std::min(pieces.size(), pieces_max);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i != count; ++i) {
        auto* const data =
            const_cast<std::byte*>(pieces[i].data()); // NOLINT: iovec is for both ways
        vector[i] = {.iov_base = data, .iov_len = pieces[i].size()};
        bytes += pieces[i].size();
    }
    if (bytes == 0) {
        return {};
    }
    return over_.descriptor().attempt(interest::write, bytes, "write", [&](int fd) {
        return sys::send(fd, std::span<const iovec>(vector).first(count));
    });
}

readiness_op socket_transport::ready(interest what) {
    return over_.descriptor().ready(what, what == interest::read ? "read" : "write");
}

bool socket_transport::ready_hint(interest what) const noexcept {
    return over_.descriptor().ready_hint(what);
}

std::error_code socket_transport::try_shutdown() {
    const std::error_code error = sys::shutdown(over_.fd(), shut::writing);
    return error == std::errc::not_connected ? std::error_code() : error; // the peer was faster
}

std::string socket_transport::extra_info(std::string_view name) const {
    try {
        if (name == "peername") {
            return over_.peer_address().str();
        }
        if (name == "sockname") {
            return over_.local_address().str();
        }
    } catch (const std::system_error&) { // not connected any more
    }
    return {};
}

} // namespace eddy::inline v0
