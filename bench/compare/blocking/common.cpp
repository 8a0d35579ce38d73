// common.cpp — blocking calls: what they do, and how they are measured.

#include "common.hpp"

#include <eddy/io/fd.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

namespace eddy::compare::blocking {

namespace {

using namespace std::chrono_literals;
constexpr auto sleep_time = 2ms;
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

std::size_t threads_of_this_process() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

// Lets the calls go once all that can be under way are.
class releasing_thread {
public:
    releasing_thread(const pipe& release, std::uint64_t calls)
        : thread_([this, &release, calls] {
              wait_until_all_are_under_way();
              seen_ = memory::now(descendants());
              for (std::uint64_t i = 0; i < calls; ++i) {
                  release.write('r');
              }
          }) {}

    [[nodiscard]] memory seen() {
        thread_.join();
        return seen_;
    }

private:
    // Nobody tells: what is in a queue does not run. So it is over when no more come.
    static void wait_until_all_are_under_way() {
        constexpr int looks = 4;
        std::size_t last = 0;
        for (int same = 0; same < looks;) {
            std::this_thread::sleep_for(5ms);
            const std::size_t now = threads_of_this_process() + descendants().size();
            same = now == last ? same + 1 : 0;
            last = now;
        }
    }

    memory seen_;
    std::jthread thread_; // last: it uses the other
};

} // namespace

void make_by_itself(kind which) {
    switch (which) {
    case kind::file:
        return read_and_check();
    case kind::name:
        return resolve_and_check();
    case kind::sleep:
        return std::this_thread::sleep_for(sleep_time);
    case kind::release:
        break;
    }
    throw std::invalid_argument("does not return by itself");
}

void call::make() const {
    if (which_ == kind::release) {
        release_->skip(1);
    } else {
        make_by_itself(which_);
    }
}

void record::add_waiting(std::uint64_t calls, const caller& make_all) {
    releasing_thread releasing(release_, calls);
    make_all(calls, call(kind::release, release_));
    add_memory(found_, before_, releasing.seen(), calls);
}

void record::add_time(const char* metric, kind which, std::uint64_t calls, const caller& make_all) {
    const meter time;
    make_all(calls, call(which, release_));
    const auto wall = time.wall();
    if (which == kind::sleep && wall < sleep_time) {
        throw wrong_result("nobody has slept");
    }
    found_[metric] = nanoseconds(wall) / static_cast<double>(calls);
}

metrics record::of(std::uint64_t calls, const caller& make_all) {
    add_waiting(calls, make_all);
    add_time("file_ns", kind::file, calls, make_all);
    add_time("name_ns", kind::name, calls, make_all);
    add_time("sleep_ns", kind::sleep, calls, make_all);
    found_["total_ns"] = nanoseconds(time_.wall());
    return found_;
}

} // namespace eddy::compare::blocking
