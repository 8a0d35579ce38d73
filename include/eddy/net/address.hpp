// address.hpp — where a socket is: an IPv4 or IPv6 address with a port, or a path.
//
// Threads:    as a value.

#pragma once

#include <eddy/base/export.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace eddy::inline v0 {

enum class address_family : std::uint8_t { none, ipv4, ipv6, local };

class EDDY_API socket_address {
public:
    /// None.
    socket_address() noexcept = default;

    /// A numeric IPv4 or IPv6 address; IPv6 may have a zone ("fe80::1%eth0"). Empty: any.
    /// Throws: std::invalid_argument that names `ip`.
    socket_address(std::string_view ip, std::uint16_t port);

    /// A socket in the file system; a path that begins with a zero byte is an abstract name.
    /// Throws: std::invalid_argument if it is empty or too long (107 bytes).
    [[nodiscard]] static socket_address local(std::string_view path);

    /// What the kernel gave: a sockaddr. A family that is not known here keeps its bytes.
    [[nodiscard]] static socket_address from(std::span<const std::byte> sockaddr) noexcept;

    [[nodiscard]] address_family family() const noexcept;
    /// AF_INET and so on.
    [[nodiscard]] int domain() const noexcept;
    /// "127.0.0.1", "::1", a path; empty if there is none.
    [[nodiscard]] std::string host() const;
    /// 0 for what has no port.
    [[nodiscard]] std::uint16_t port() const noexcept;
    void set_port(std::uint16_t port) noexcept;

    /// "127.0.0.1:80", "[::1]:80", a path; an abstract name begins with '@'.
    [[nodiscard]] std::string str() const;

    /// The sockaddr.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return {data_.data(), size_};
    }

    friend EDDY_API bool operator==(const socket_address& a, const socket_address& b) noexcept;

private:
    static constexpr std::size_t bytes_max = 110; // sockaddr_un

    alignas(8) std::array<std::byte, bytes_max> data_{};
    std::uint8_t size_ = 0;
};

} // namespace eddy::inline v0
