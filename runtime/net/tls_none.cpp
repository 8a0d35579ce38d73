// tls_none.cpp — TLS in a library that is built without it: every way in says so.

#include <eddy/net/tls.hpp>

namespace eddy::inline v0 {

namespace {

[[noreturn]] void refuse() {
    throw tls_error(make_error_code(tls_errc::not_built),
                    "TLS needs a library that was built with OpenSSL (meson -Dtls=enabled)");
}

} // namespace

tls_context tls_context::client(const tls_client_options& /*options*/) {
    refuse();
}

tls_context tls_context::server(const tls_server_options& /*options*/) {
    refuse();
}

bool tls_context::is_for_servers() const noexcept {
    return false;
}

void tls_context::reload() {
    refuse();
}

coro<std::unique_ptr<transport>> open_tls(std::unique_ptr<transport> /*below*/,
                                          tls_options /*how*/) {
    refuse();
}

} // namespace eddy::inline v0
