// address.cpp — addresses as text and as the kernel has them.

#include <eddy/net/address.hpp>

#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace eddy::inline v0 {

namespace {

template <typename Address>
Address read_as(std::span<const std::byte> bytes) noexcept {
    Address out{};
    std::memcpy(&out, bytes.data(), std::min(bytes.size(), sizeof out));
    return out;
}

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

/// The scope of a zone: an interface's name, or its number.
std::uint32_t scope_of(const std::string& zone) {
    if (const unsigned index = ::if_nametoindex(zone.c_str())) {
        return index;
    }
    std::uint32_t number = 0;
    for (const char digit : zone) {
        if (digit < '0' || digit > '9' || number > 100'000'000) {
            return 0;
        }
        number = number * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    return number;
}

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

} // namespace

socket_address::socket_address(std::string_view ip, std::uint16_t port) {
    if (ip.find('\0') != std::string_view::npos) {
        throw std::invalid_argument("an address has a zero byte in it: " + quoted(ip));
    }
    const auto set = [this](const auto& made) {
        std::memcpy(data_.data(), &made, sizeof made);
        size_ = sizeof made;
    };
    const std::string text(ip.empty() ? "0.0.0.0" : ip);
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
        set(four);
        return;
    }
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    const std::size_t percent = text.find('%');
    const bool has_zone = percent != std::string::npos;
    if (has_zone) {
        six.sin6_scope_id = scope_of(text.substr(percent + 1));
    }
    if ((has_zone && six.sin6_scope_id == 0) ||
        ::inet_pton(AF_INET6, text.substr(0, percent).c_str(), &six.sin6_addr) != 1) {
        throw std::invalid_argument("not an IPv4 or IPv6 address: " + quoted(ip));
    }
    set(six);
}

socket_address socket_address::local(std::string_view path) {
    const bool abstract = !path.empty() && path.front() == '\0';
    const std::size_t bytes = path.size() + (abstract ? 0 : 1);
    if (path.empty() || bytes > sizeof(sockaddr_un::sun_path)) {
        throw std::invalid_argument(path.empty()
                                        ? "the path of a socket is empty"
                                        : "the path of a socket is longer than " +
                                              std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                                              " bytes: " + quoted(path));
    }
    if (!abstract && path.find('\0') != std::string_view::npos) {
        throw std::invalid_argument("the path of a socket has a zero byte in it");
    }
    socket_address out;
    const sa_family_t family = AF_UNIX;
    std::memcpy(out.data_.data(), &family, sizeof family);
    std::memcpy(out.data_.data() + path_offset, path.data(), path.size());
    out.size_ = static_cast<std::uint8_t>(path_offset + bytes);
    return out;
}

socket_address socket_address::from(std::span<const std::byte> sockaddr) noexcept {
    socket_address out;
    out.size_ = static_cast<std::uint8_t>(std::min(sockaddr.size(), bytes_max));
    if (out.size_ != 0) {
        std::memcpy(out.data_.data(), sockaddr.data(), out.size_);
    }
    return out;
}

int socket_address::domain() const noexcept {
    return size_ < sizeof(sa_family_t) ? AF_UNSPEC : read_as<sa_family_t>(bytes());
}

address_family socket_address::family() const noexcept {
    switch (domain()) {
    case AF_INET:
        return address_family::ipv4;
    case AF_INET6:
        return address_family::ipv6;
    case AF_UNIX:
        return address_family::local;
    default:
        return address_family::none;
    }
}

std::string socket_address::host() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    switch (family()) {
    case address_family::ipv4: {
        const auto four = read_as<sockaddr_in>(bytes());
        return ::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
    }
    case address_family::ipv6: {
        const auto six = read_as<sockaddr_in6>(bytes());
        std::string out = ::inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
        if (six.sin6_scope_id != 0) {
            std::array<char, IF_NAMESIZE> name{};
            const char* const zone = ::if_indextoname(six.sin6_scope_id, name.data());
            out += '%';
            out += zone != nullptr ? zone : std::to_string(six.sin6_scope_id);
        }
        return out;
    }
    case address_family::local: {
        const auto* const path = reinterpret_cast<const char*>(data_.data()) + path_offset;
        const std::size_t bytes = size_ > path_offset ? size_ - path_offset : 0;
        const bool abstract = bytes != 0 && *path == '\0';
        return {path, abstract ? bytes : ::strnlen(path, bytes)};
    }
    case address_family::none:
        break;
    }
    return {};
}

std::uint16_t socket_address::port() const noexcept {
    switch (family()) {
    case address_family::ipv4:
        return ntohs(read_as<sockaddr_in>(bytes()).sin_port);
    case address_family::ipv6:
        return ntohs(read_as<sockaddr_in6>(bytes()).sin6_port);
    default:
        return 0;
    }
}

void socket_address::set_port(std::uint16_t port) noexcept {
    const std::uint16_t as_sent = htons(port);
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    if (family() == address_family::ipv4 || family() == address_family::ipv6) {
        std::memcpy(data_.data() + offsetof(sockaddr_in, sin_port), &as_sent, sizeof as_sent);
    }
}

std::string socket_address::str() const {
    std::string out = host();
    switch (family()) {
    case address_family::ipv4:
        return out + ":" + std::to_string(port());
    case address_family::ipv6:
        return "[" + out + "]:" + std::to_string(port());
    default:
        if (!out.empty() && out.front() == '\0') {
            out.front() = '@';
        }
        return out;
    }
}

bool operator==(const socket_address& a, const socket_address& b) noexcept {
    return std::ranges::equal(a.bytes(), b.bytes());
}

} // namespace eddy::inline v0
