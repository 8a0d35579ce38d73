// tls_bench.cpp — secured connections over loopback, both ends in this process.
//
// Question: what do a handshake and a megabyte cost, and how much of that is OpenSSL's own work,
//           measured with two of its ends joined in memory?
// Unit:     ns on the clock a handshake (TLS 1.3, P-256), bytes per second of the stream.
// Valid if: nothing else runs. The library's part is what is left over the bare ends, with the
//           kernel's: a connection, and each record sent and received.

#include "bench.hpp"
#include <eddy/net.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using eddy::bench::check;

template <auto Free>
struct freed_by {
    template <typename T>
    void operator()(T* of) const noexcept {
        Free(of);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using context_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;
using end_ptr = std::unique_ptr<SSL, freed_by<SSL_free>>;
using file_ptr = std::unique_ptr<std::FILE, freed_by<std::fclose>>;

/// A certificate of its own, and its key, in files while this lives.
class identity {
public:
    identity() : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
        X509* const made = certificate_.get();
        X509_set_version(made, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
        X509_gmtime_adj(X509_getm_notBefore(made), 0);
        X509_gmtime_adj(X509_getm_notAfter(made), 24L * 60 * 60);
        X509_set_pubkey(made, key_.get());
        X509_sign(made, key_.get(), EVP_sha256());
        const file_ptr certificate(std::fopen(certificate_file().c_str(), "w"));
        const file_ptr key(std::fopen(key_file().c_str(), "w"));
        if (PEM_write_X509(certificate.get(), made) != 1 ||
            PEM_write_PrivateKey(key.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
                1) {
            throw std::runtime_error("a certificate cannot be made");
        }
    }
    identity(const identity&) = delete;
    identity& operator=(const identity&) = delete;
    ~identity() {
        std::filesystem::remove(certificate_file());
        std::filesystem::remove(key_file());
    }

    [[nodiscard]] std::string certificate_file() const { return stem_ + ".crt"; }
    [[nodiscard]] std::string key_file() const { return stem_ + ".key"; }

private:
    std::string stem_ =
        std::filesystem::temp_directory_path() / ("tls_bench." + std::to_string(::getpid()));
    key_ptr key_;
    certificate_ptr certificate_;
};

eddy::tls_options as_server(const identity& who) {
    return {.context = eddy::tls_context::server(
                {.certificate_file = who.certificate_file(), .key_file = who.key_file()})};
}
eddy::connect_options as_client() {
    static const eddy::tls_context anybody =
        eddy::tls_context::client({.verify = eddy::tls_client_options::verification::off});
    return {.tls = eddy::tls_options{.context = anybody}};
}

// -- eddy --

eddy::coro<> answer_a_byte(eddy::stream_reader in, eddy::stream_writer out) {
    out.write(co_await in.readexactly(1));
    co_await out.drain();
}

eddy::coro<> handshake(benchmark::State& state) {
    const identity who;
    eddy::server server =
        co_await eddy::start_server(answer_a_byte, "127.0.0.1", 0, {.tls = as_server(who)});
    std::int64_t answered = 0;
    for (auto _ : state) {
        auto [in, out] = co_await eddy::open_connection("127.0.0.1", server.port(), as_client());
        out.write("x");
        answered += co_await in.readexactly(1) == "x" ? 1 : 0;
    }
    check(answered, state.iterations(), "answers");
}

constexpr std::size_t megabyte = 1UL << 20U;

eddy::coro<> drop_megabytes(eddy::stream_reader in, eddy::stream_writer out) {
    std::vector<std::byte> room(megabyte);
    for (;;) {
        co_await in.readexactly_into(room);
        out.write(std::span(room).first(1));
    }
}

eddy::coro<> send_a_megabyte(benchmark::State& state) {
    const identity who;
    eddy::server server =
        co_await eddy::start_server(drop_megabytes, "127.0.0.1", 0, {.tls = as_server(who)});
    const std::vector<std::byte> bytes(megabyte, std::byte{7});
    auto [in, out] = co_await eddy::open_connection("127.0.0.1", server.port(), as_client());
    for (auto _ : state) {
        out.write(bytes);
        co_await out.drain();
        check((co_await in.readexactly(1)).front(), 7, "the byte that came back");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(megabyte));
    out.abort();
}

// -- OpenSSL's own work: both ends in memory --

class bare_ends {
public:
    explicit bare_ends(const identity& who) {
        SSL_CTX_use_certificate_file(server_context_.get(), who.certificate_file().c_str(),
                                     SSL_FILETYPE_PEM);
        SSL_CTX_use_PrivateKey_file(server_context_.get(), who.key_file().c_str(),
                                    SSL_FILETYPE_PEM);
    }

    void shake_hands() {
        client_.reset(SSL_new(client_context_.get()));
        server_.reset(SSL_new(server_context_.get()));
        BIO* one = nullptr;
        BIO* other = nullptr;
        BIO_new_bio_pair(&one, 4 * megabyte, &other, 4 * megabyte);
        SSL_set_bio(client_.get(), one, one);
        SSL_set_bio(server_.get(), other, other);
        for (int turn = 0; SSL_connect(client_.get()) != 1 || SSL_accept(server_.get()) != 1;
             ++turn) {
            check(static_cast<std::int64_t>(turn > 10), 0, "turns without an end");
            (void)SSL_accept(server_.get());
        }
    }

    void send(const std::vector<std::byte>& bytes, std::vector<std::byte>& into) {
        check(SSL_write(client_.get(), bytes.data(), static_cast<int>(bytes.size())),
              static_cast<std::int64_t>(bytes.size()), "bytes written");
        std::size_t got = 0;
        while (got < into.size()) {
            const int more =
                SSL_read(server_.get(), into.data() + got, static_cast<int>(into.size() - got));
            check(static_cast<std::int64_t>(more > 0), 1, "reads");
            got += static_cast<std::size_t>(more);
        }
    }

private:
    context_ptr client_context_{SSL_CTX_new(TLS_client_method())};
    context_ptr server_context_{SSL_CTX_new(TLS_server_method())};
    end_ptr client_;
    end_ptr server_;
};

void bare_handshake(benchmark::State& state) {
    const identity who;
    bare_ends ends(who);
    for (auto _ : state) {
        ends.shake_hands();
    }
}

void bare_megabyte(benchmark::State& state) {
    const identity who;
    bare_ends ends(who);
    ends.shake_hands();
    const std::vector<std::byte> bytes(megabyte, std::byte{7});
    std::vector<std::byte> into(megabyte);
    for (auto _ : state) {
        ends.send(bytes, into);
    }
    check(static_cast<std::int64_t>(into.back()), 7, "the last byte");
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(megabyte));
}

} // namespace

EDDY_BENCH(handshake);
EDDY_BENCH(send_a_megabyte);
BENCHMARK(bare_handshake)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(bare_megabyte)->UseRealTime()->MeasureProcessCPUTime();

BENCHMARK_MAIN();
