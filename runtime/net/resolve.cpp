// resolve.cpp — getaddrinfo on a thread that may block, and what needs no asking.

#include <eddy/exec/to_thread.hpp>
#include <eddy/net/resolve.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>

namespace eddy::inline v0 {

namespace {

class cache_place {
public:
    void set(resolve_cache cache) {
        auto made = std::make_shared<const resolve_cache>(std::move(cache));
        const std::lock_guard hold(lock_);
        current_.swap(made);
    }
    [[nodiscard]] std::shared_ptr<const resolve_cache> get() const {
        const std::lock_guard hold(lock_);
        return current_;
    }

private:
    mutable std::mutex lock_;
    std::shared_ptr<const resolve_cache> current_;
};
cache_place& cache() {
    static cache_place place;
    return place;
}

std::string name_of(const resolve_query& query) {
    return query.service.empty() || query.service == "0"
               ? "'" + query.host + "'"
               : "'" + query.host + ":" + query.service + "'";
}

[[noreturn]] void fail(const resolve_query& query, int code, int error = 0) {
    const std::string why = code == EAI_SYSTEM ? std::generic_category().message(error)
                                               : std::string(::gai_strerror(code));
    throw resolve_error("resolve " + name_of(query) + ": " + why, code);
}

/// A number, nothing for a name. An empty one is port 0.
std::optional<std::uint16_t> port_of(const resolve_query& query) {
    const std::string& text = query.service;
    if (!std::ranges::all_of(text, [](char each) { return each >= '0' && each <= '9'; })) {
        return std::nullopt;
    }
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (!text.empty() && error != std::errc()) {
        fail(query, EAI_SERVICE); // getaddrinfo would take it modulo 65536
    }
    return port;
}

bool looks_numeric(const std::string& host) noexcept {
    return !host.empty() &&
           (host.find(':') != std::string::npos || std::ranges::all_of(host, [](char each) {
                return each == '.' || (each >= '0' && each <= '9');
            }));
}

std::optional<socket_address> numeric(const resolve_query& query, std::uint16_t port) {
    if (!looks_numeric(query.host)) {
        return std::nullopt;
    }
    try {
        socket_address at(query.host, port);
        if (query.options.family != address_family::none && query.options.family != at.family()) {
            fail(query, EAI_ADDRFAMILY);
        }
        return at;
    } catch (const std::invalid_argument&) { // "127.1", which getaddrinfo knows
        return std::nullopt;
    }
}

int domain_of(address_family family) noexcept {
    switch (family) {
    case address_family::ipv4:
        return AF_INET;
    case address_family::ipv6:
        return AF_INET6;
    default:
        return AF_UNSPEC;
    }
}

/// What getaddrinfo has said.
struct answer {
    std::vector<socket_address> found;
    int code = 0;
    int error = 0; // errno, for EAI_SYSTEM
};

answer ask(const resolve_query& query) {
    const resolve_options& options = query.options;
    addrinfo hints{};
    hints.ai_family = domain_of(options.family);
    hints.ai_socktype = options.over == resolve_options::protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
    hints.ai_flags = options.use == resolve_options::purpose::listening ? AI_PASSIVE : 0;
    const auto given = [](const std::string& text, const char* instead) {
        return text.empty() ? instead : text.c_str();
    };
    addrinfo* list = nullptr;
    const int code =
        ::getaddrinfo(given(query.host, nullptr), given(query.service, "0"), &hints, &list);
    if (code != 0) {
        return {.found = {}, .code = code, .error = errno};
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> kept(list, &::freeaddrinfo);
    answer out;
    std::vector<socket_address>& found = out.found;
    for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
        const auto at = socket_address::from(
            {reinterpret_cast<const std::byte*>(each->ai_addr), each->ai_addrlen});
        if (std::ranges::find(found, at) == found.end()) {
            found.push_back(at);
        }
    }
    return out;
}

} // namespace

resolve_error::~resolve_error() = default;

void set_resolve_cache(resolve_cache cache) {
    v0::cache().set(std::move(cache));
}

coro<std::vector<socket_address>> resolve(std::string host, std::string service,
                                          resolve_options options) {
    const resolve_query query{std::move(host), std::move(service), options};
    if (query.host.find('\0') != std::string::npos ||
        query.service.find('\0') != std::string::npos) {
        fail(query, EAI_NONAME);
    }
    if (const std::optional<std::uint16_t> port = port_of(query)) {
        if (const std::optional<socket_address> at = numeric(query, *port)) {
            co_return std::vector{*at};
        }
    }
    const std::shared_ptr<const resolve_cache> cache = v0::cache().get();
    if (cache != nullptr && cache->lookup) {
        if (std::optional<std::vector<socket_address>> known = cache->lookup(query)) {
            if (known->empty()) {
                fail(query, EAI_NONAME);
            }
            co_return std::move(*known);
        }
    }
    answer said = co_await to_thread(ask, query);
    if (said.code != 0) {
        fail(query, said.code, said.error);
    }
    if (cache != nullptr && cache->store) {
        cache->store(query, said.found); // tidy-allow(order): no atomic
    }
    co_return std::move(said.found);
}

coro<std::vector<socket_address>> resolve(std::string host, std::uint16_t port,
                                          resolve_options options) {
    return resolve(std::move(host), std::to_string(port), options);
}

} // namespace eddy::inline v0
