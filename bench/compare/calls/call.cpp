// call.cpp — a call that keeps the thread it is made on, for want of another API.

#include "call.hpp"

#include "../burn.hpp"
#include "../contender.hpp"
#include <eddy/base/clock.hpp>
#include <eddy/exec/process_pool_executor.hpp>
#include <eddy/io/fd.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <numeric>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

namespace eddy::compare::calls {

EDDY_FUNCTION(make);

namespace {

using namespace std::chrono_literals;
constexpr auto sleep_time = 2ms;
constexpr std::chrono::nanoseconds compute_time = 2ms;
constexpr std::size_t file_bytes = 64UL * 1024;
constexpr const char* file_path = "/proc/self/exe"; // large enough, and in the page cache

std::uint64_t read_file() {
    std::array<unsigned char, file_bytes> buffer; // not thread_local: that is memory of each thread
    const owned_fd file(::open(file_path, O_RDONLY | O_CLOEXEC));
    if (::pread(file.get(), buffer.data(), buffer.size(), 0) !=
        static_cast<ssize_t>(buffer.size())) {
        throw wrong_result("cannot read the file");
    }
    return std::accumulate(buffer.begin(), buffer.begin() + 64, std::uint64_t{0});
}

void read_and_check() {
    static const std::uint64_t expected = read_file();
    if (read_file() != expected) {
        throw wrong_result("the file has changed");
    }
}

void resolve_and_check() {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo("localhost", "80", &hints, &found);
    if (error != 0) {
        throw wrong_result(std::string("localhost has no address: ") + ::gai_strerror(error));
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    const auto* address = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
    if (::ntohl(address->sin_addr.s_addr) >> 24U != 127) {
        throw wrong_result("localhost is elsewhere");
    }
}

void sleep_and_check() {
    const auto start = clock::now();
    std::this_thread::sleep_for(sleep_time);
    if (clock::now() - start < sleep_time) {
        throw wrong_result("it has not slept");
    }
}

} // namespace

void make(const call& what) {
    switch (what.kind) {
    case kind::file:
        return read_and_check();
    case kind::name:
        return resolve_and_check();
    case kind::sleep:
        return sleep_and_check();
    case kind::compute:
        return burn(compute_time);
    case kind::release:
        return what.release.take_byte();
    }
}

} // namespace eddy::compare::calls
