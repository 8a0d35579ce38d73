// tls_echo.cpp — a service over TLS, a client that trusts its certificate, and one that does not.
//
// Shows:     tls_context for both sides, start_server and open_connection with `tls`, tls_error.
// Output:
//   a private echo of hello over TLSv1.3
//   refused: self-signed certificate
//   the server has been told of 1 failed handshake

#include <eddy/eddy.hpp>
#include <eddy/net.hpp>
#include <eddy/os.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <unistd.h>

using namespace std::chrono_literals;
using eddy::tls_context;

/// A certificate for localhost that nobody else has signed, for as long as the example runs.
class own_certificate {
public:
    own_certificate()
        : folder_(std::filesystem::temp_directory_path() /
                  ("eddy_tls_echo." + std::to_string(::getpid()))) {
        std::filesystem::create_directory(folder_);
    }
    own_certificate(const own_certificate&) = delete;
    own_certificate& operator=(const own_certificate&) = delete;
    ~own_certificate() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string file() const { return folder_ / "certificate.pem"; }
    [[nodiscard]] std::string key() const { return folder_ / "key.pem"; }

    eddy::coro<> make() const {
        auto openssl = co_await eddy::create_subprocess_exec(
            {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost", "-keyout", key(), "-out", file()},
            {.stderr_ = eddy::subprocess::devnull});
        if (co_await openssl.wait() != 0) {
            throw std::runtime_error("openssl has made no certificate");
        }
    }

private:
    std::filesystem::path folder_;
};

eddy::coro<> echo(eddy::stream_reader in, eddy::stream_writer out) {
    out.write("a private echo of " + co_await in.readline());
    co_await out.drain();
}

eddy::coro<> talk(std::uint16_t port, tls_context trusting) {
    // The address to connect to is one thing, the name that the certificate must have another.
    auto [in, out] = co_await eddy::open_connection(
        "127.0.0.1", port,
        {.tls = eddy::tls_options{.context = trusting, .server_name = "localhost"}});
    out.write("hello\n");
    std::string line = co_await in.readline();
    line.pop_back();
    std::printf("%s over %s\n", line.c_str(), out.get_extra_info("version").c_str());
}

eddy::coro<> amain() {
    const own_certificate mine;
    co_await mine.make();

    std::atomic<int> failed = 0; // handlers of several connections may run at once
    eddy::server server = co_await eddy::start_server(
        echo, "127.0.0.1", 0,
        {.tls = eddy::tls_options{.context = tls_context::server(
                                      {.certificate_file = mine.file(), .key_file = mine.key()})},
         .on_failed_handshake = [&failed](const eddy::tls_error&, const std::string&) {
             ++failed;
         }});

    co_await talk(server.port(), tls_context::client({.ca_file = mine.file()}));
    try {
        co_await talk(server.port(), tls_context::client()); // trusts whom the system trusts
    } catch (const eddy::tls_error& error) {
        const std::string why = error.what();
        std::puts(why.find("self") != std::string::npos ? "refused: self-signed certificate"
                                                        : why.c_str());
    }
    (void)co_await server.drain(10s);
    std::printf("the server has been told of %d failed handshake\n", failed.load());
}

int main() {
    eddy::run(amain());
}
