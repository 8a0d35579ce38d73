// address_test.cpp — addresses from text, from the kernel, and back.
//
// Covers:    IPv4, IPv6 with zones, paths, abstract names; what is refused; equality.

#include <eddy/net/address.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace {

using eddy::address_family;
using eddy::socket_address;

TEST(address, none_is_empty) {
    const socket_address none;
    EXPECT_EQ(none.family(), address_family::none);
    EXPECT_EQ(none.domain(), AF_UNSPEC);
    EXPECT_EQ(none.host(), "");
    EXPECT_EQ(none.port(), 0);
    EXPECT_EQ(none.str(), "");
    EXPECT_TRUE(none.bytes().empty());
}

TEST(address, ipv4_is_read_and_shown) {
    const socket_address at("127.0.0.1", 8080);
    EXPECT_EQ(at.family(), address_family::ipv4);
    EXPECT_EQ(at.domain(), AF_INET);
    EXPECT_EQ(at.host(), "127.0.0.1");
    EXPECT_EQ(at.port(), 8080);
    EXPECT_EQ(at.str(), "127.0.0.1:8080");
    EXPECT_EQ(at.bytes().size(), sizeof(sockaddr_in));
}

TEST(address, ipv6_is_read_and_shown_in_brackets) {
    const socket_address at("::1", 443);
    EXPECT_EQ(at.family(), address_family::ipv6);
    EXPECT_EQ(at.domain(), AF_INET6);
    EXPECT_EQ(at.host(), "::1");
    EXPECT_EQ(at.port(), 443);
    EXPECT_EQ(at.str(), "[::1]:443");
    EXPECT_EQ(socket_address("2001:DB8:0:0::1", 1).host(), "2001:db8::1");
}

TEST(address, a_zone_is_a_name_or_a_number) {
    EXPECT_EQ(socket_address("fe80::1%lo", 1).host(), "fe80::1%lo");
    EXPECT_EQ(socket_address("fe80::1%1", 1), socket_address("fe80::1%lo", 1));
    EXPECT_EQ(socket_address("fe80::1%4711", 1).str(), "[fe80::1%4711]:1");
    EXPECT_THROW(socket_address("fe80::1%", 1), std::invalid_argument);
    EXPECT_THROW(socket_address("fe80::1%nowhere", 1), std::invalid_argument);
    EXPECT_THROW(socket_address("fe80::1%99999999999", 1), std::invalid_argument);
}

TEST(address, an_empty_address_is_any) {
    EXPECT_EQ(socket_address("", 80).str(), "0.0.0.0:80");
}

TEST(address, what_is_no_address_is_named) {
    for (const char* each : {"localhost", "1.2.3", "256.0.0.1", ":::", "1.2.3.4.5", " 1.2.3.4"}) {
        try {
            const socket_address at(each, 1);
            FAIL() << each;
        } catch (const std::invalid_argument& refused) {
            EXPECT_NE(std::string(refused.what()).find(each), std::string::npos);
        }
    }
    EXPECT_THROW(socket_address(std::string_view("::1\0", 4), 1), std::invalid_argument);
    EXPECT_THROW(socket_address(std::string_view("1.2.3.4\0", 8), 1), std::invalid_argument);
}

TEST(address, a_port_can_be_set) {
    socket_address four("10.0.0.1", 1);
    four.set_port(65535);
    EXPECT_EQ(four.str(), "10.0.0.1:65535");
    socket_address six("::", 1);
    six.set_port(2);
    EXPECT_EQ(six.str(), "[::]:2");
    socket_address path = socket_address::local("/tmp/x");
    path.set_port(3);
    EXPECT_EQ(path, socket_address::local("/tmp/x"));
    EXPECT_EQ(path.port(), 0);
}

TEST(address, a_path_is_local) {
    const socket_address at = socket_address::local("/run/eddy.sock");
    EXPECT_EQ(at.family(), address_family::local);
    EXPECT_EQ(at.domain(), AF_UNIX);
    EXPECT_EQ(at.host(), "/run/eddy.sock");
    EXPECT_EQ(at.str(), "/run/eddy.sock");
}

TEST(address, an_abstract_name_keeps_its_zero_byte_and_shows_an_at) {
    const socket_address at = socket_address::local(std::string_view("\0name\0x", 7));
    EXPECT_EQ(at.host(), std::string_view("\0name\0x", 7));
    EXPECT_EQ(at.str(), std::string_view("@name\0x", 7));
    EXPECT_EQ(at.bytes().size(), offsetof(sockaddr_un, sun_path) + 7);
}

TEST(address, a_path_that_does_not_fit_is_refused) {
    EXPECT_EQ(socket_address::local(std::string(107, 'x')).host().size(), 107U);
    EXPECT_THROW((void)socket_address::local(std::string(108, 'x')), std::invalid_argument);
    EXPECT_EQ(socket_address::local('\0' + std::string(107, 'x')).host().size(), 108U);
    EXPECT_THROW((void)socket_address::local('\0' + std::string(108, 'x')), std::invalid_argument);
    EXPECT_THROW((void)socket_address::local(""), std::invalid_argument);
    EXPECT_THROW((void)socket_address::local(std::string_view("a\0b", 3)), std::invalid_argument);
}

TEST(address, what_the_kernel_gave_is_the_same_address) {
    for (const socket_address& each : {socket_address("1.2.3.4", 5), socket_address("::1", 6),
                                       socket_address::local("/tmp/x")}) {
        EXPECT_EQ(socket_address::from(each.bytes()), each);
    }
    EXPECT_FALSE(socket_address("1.2.3.4", 5) == socket_address("1.2.3.4", 6));
    EXPECT_FALSE(socket_address() == socket_address("1.2.3.4", 6));
}

TEST(address, what_the_kernel_gave_may_be_strange) {
    EXPECT_EQ(socket_address::from({}), socket_address());
    const std::array<std::byte, 1> one{};
    EXPECT_EQ(socket_address::from(one).domain(), AF_UNSPEC);
    const sa_family_t unnamed = AF_UNIX; // a socket without a name
    const auto at = socket_address::from(std::as_bytes(std::span(&unnamed, 1)));
    EXPECT_EQ(at.family(), address_family::local);
    EXPECT_EQ(at.str(), "");
    std::array<std::byte, 200> much{};
    much.fill(std::byte{1});
    EXPECT_EQ(socket_address::from(much).family(), address_family::none);
    EXPECT_LE(socket_address::from(much).bytes().size(), much.size());
}

} // namespace
