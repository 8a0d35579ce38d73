// tls.cpp — what there is of TLS without OpenSSL: errors, and going over to it.

#include "net/stream_core.hpp"
#include <eddy/core/errors.hpp>
#include <eddy/net/tls.hpp>

#include <stdexcept>
#include <utility>

namespace eddy::inline v0 {

namespace {

class category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "tls"; }
    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<tls_errc>(code)) {
        case tls_errc::certificate:
            return "the certificate of the peer is refused";
        case tls_errc::alert:
            return "the peer refuses";
        case tls_errc::protocol:
            return "the protocol of TLS is not kept";
        case tls_errc::truncated:
            return "the connection ended before its end was said";
        case tls_errc::timed_out:
            return "timed out";
        case tls_errc::configuration:
            return "the configuration is not usable";
        case tls_errc::not_built:
            return "this library was built without TLS";
        }
        return "unknown";
    }
};

} // namespace

const std::error_category& tls_category() noexcept {
    static const category all;
    return all;
}

tls_error::~tls_error() = default;

coro<stream_ends> start_tls(stream_ends plain, tls_options how) {
    const std::shared_ptr<stream_core> core = stream_parts::shared_by(plain);
    if (!core->received().empty()) {
        throw invalid_state_error("start_tls() on a stream with bytes that nobody has read");
    }
    co_await core->secure(std::move(how));
    co_return plain;
}

} // namespace eddy::inline v0
