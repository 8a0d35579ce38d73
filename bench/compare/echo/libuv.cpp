// libuv.cpp — echo by libuv: a loop for each core, each with a listener of its own on one port.
//
// The kernel spreads the connections over the listeners.

#include "common.hpp"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <uv.h>

namespace eddy::compare::echo {

namespace {

void check(int result, const char* call) {
    if (result < 0) {
        throw std::runtime_error(std::string(call) + ": " + uv_strerror(result));
    }
}

struct connection {
    uv_tcp_t stream{};
    std::vector<char> buffer;
    std::chrono::nanoseconds burn{};

    [[nodiscard]] static connection& of(void* handle) noexcept {
        return *static_cast<connection*>(static_cast<uv_handle_t*>(handle)->data);
    }
    void close() noexcept {
        uv_close(reinterpret_cast<uv_handle_t*>(&stream),
                 [](uv_handle_t* handle) { delete &of(handle); });
    }
};

// What a peer that does not read has not taken yet.
struct unsent {
    uv_write_t write{};
    std::vector<char> bytes;
};

void give_room(uv_handle_t* handle, std::size_t /*suggested*/, uv_buf_t* room) {
    std::vector<char>& buffer = connection::of(handle).buffer;
    *room = uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
}

void send_later(uv_stream_t* to, std::span<const char> bytes) {
    auto kept = std::make_unique<unsent>();
    kept->bytes.assign(bytes.begin(), bytes.end());
    kept->write.data = kept.get();
    const uv_buf_t rest =
        uv_buf_init(kept->bytes.data(), static_cast<unsigned>(kept->bytes.size()));
    const int result = uv_write(&kept->write, to, &rest, 1, [](uv_write_t* done, int /*status*/) {
        delete static_cast<unsent*>(done->data);
    });
    if (result == 0) {
        (void)kept.release(); // the callback has it
    }
}

void echo(uv_stream_t* with, ssize_t got, const uv_buf_t* buffer) {
    if (got <= 0) {
        if (got < 0) {
            connection::of(with).close();
        }
        return;
    }
    const auto bytes = std::span<const char>(buffer->base, static_cast<std::size_t>(got));
    burn_if_asked(std::as_bytes(bytes), connection::of(with).burn);
    const uv_buf_t all = uv_buf_init(buffer->base, static_cast<unsigned>(got));
    const int sent = uv_try_write(with, &all, 1);
    const auto taken = static_cast<std::size_t>(sent > 0 ? sent : 0);
    if (taken < bytes.size()) {
        send_later(with, bytes.subspan(taken));
    }
}

class loop {
public:
    loop(owned_fd listener, const server_options& asked) : asked_(asked) {
        check(uv_loop_init(&loop_), "uv_loop_init");
        check(uv_tcp_init(&loop_, &listener_), "uv_tcp_init");
        check(uv_tcp_open(&listener_, listener.release()), "uv_tcp_open");
        listener_.data = this;
        constexpr int backlog = 4096;
        const auto accept = [](uv_stream_t* from, int status) {
            if (status == 0) {
                static_cast<loop*>(from->data)->accept();
            }
        };
        check(uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), backlog, accept), "uv_listen");
    }
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    void run() { uv_run(&loop_, UV_RUN_DEFAULT); }

private:
    void accept() {
        auto made = std::make_unique<connection>();
        made->buffer.resize(asked_.buffer_bytes);
        made->burn = asked_.burn;
        made->stream.data = made.get();
        uv_tcp_init(&loop_, &made->stream);
        auto* const stream = reinterpret_cast<uv_stream_t*>(&made->stream);
        const int result = uv_accept(reinterpret_cast<uv_stream_t*>(&listener_), stream);
        if (result == 0) {
            uv_tcp_nodelay(&made->stream, 1);
            uv_read_start(stream, give_room, echo);
            (void)made.release();
        } else {
            made.release()->close();
        }
    }

    uv_loop_t loop_{};
    uv_tcp_t listener_{};
    const server_options& asked_;
};

} // namespace

void serve_libuv(const server_options& asked) {
    require(asked.over, transport::tcp);
    owned_fd first = listen_at({.over = asked.over, .name = {}});
    const endpoint where = endpoint_of(first, asked.over);
    std::vector<std::unique_ptr<loop>> loops;
    loops.push_back(std::make_unique<loop>(std::move(first), asked));
    while (loops.size() < asked.cores) {
        loops.push_back(std::make_unique<loop>(listen_at(where), asked));
    }
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < asked.cores; ++i) {
        threads.emplace_back([&each = *loops[i]] { each.run(); });
    }
    asked.listening(where);
    loops.front()->run();
}

} // namespace eddy::compare::echo
