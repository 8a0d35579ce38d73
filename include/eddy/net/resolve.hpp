// resolve.hpp — the addresses of a name, asked off the loops.
//
// Threads:    any task.
// Cancel:     at once; a question that is under way goes on without anybody.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/net/address.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace eddy::inline v0 {

/// A name has no address. The text names it, and says why in getaddrinfo's words.
class EDDY_API resolve_error : public std::runtime_error {
public:
    resolve_error(const std::string& what, int code) : std::runtime_error(what), code_(code) {}
    ~resolve_error() override;

    /// EAI_NONAME, EAI_AGAIN and so on, of <netdb.h>.
    [[nodiscard]] int code() const noexcept { return code_; }

private:
    int code_;
};

struct resolve_options {
    /// Addresses of this family only; none: of both.
    address_family family = address_family::none;
    /// In whose list the name of a service is looked for.
    enum class protocol : std::uint8_t { tcp, udp };
    protocol over = protocol::tcp;
    /// What an empty host means: this machine, or all of its addresses.
    enum class purpose : std::uint8_t { connecting, listening };
    purpose use = purpose::connecting;
};

struct resolve_query {
    std::string host;
    std::string service;
    resolve_options options;
};

/// What a program knows of names besides the system. Both are called on any worker, several at a
/// time, and must not block.
struct resolve_cache {
    /// The addresses, if they are known; an empty list: it is known that there are none.
    std::function<std::optional<std::vector<socket_address>>(const resolve_query&)> lookup;
    /// What the system has said.
    std::function<void(const resolve_query&, const std::vector<socket_address>&)> store;
};

/// Asks `cache` first, from now on and in all of the process. Empty functions are not called.
EDDY_API void set_resolve_cache(resolve_cache cache);

/// The addresses of `host`, best first, with the port of `service`, which is a number or a name of
/// /etc/services. Numeric ones are given at once.
///
/// Suspends: for names that the cache does not know, until getaddrinfo has answered on a thread of
///           default_executor(). It has no limit of its own: see wait_for.
/// Throws:   resolve_error; what the cache throws; as to_thread.
/// Example:  for (const auto& each : co_await eddy::resolve("example.org", "https")) { ... }
[[nodiscard]] EDDY_API coro<std::vector<socket_address>>
resolve(std::string host, std::string service, resolve_options options = {});
[[nodiscard]] EDDY_API coro<std::vector<socket_address>>
resolve(std::string host, std::uint16_t port, resolve_options options = {});

} // namespace eddy::inline v0
