// asio.cpp — echo by standalone Asio: callbacks, an io_context for each core.
//
// The first io_context accepts and hands the connections round.

#include "common.hpp"

#include <asio.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace eddy::compare::echo {

namespace {

using asio::ip::tcp;

class session : public std::enable_shared_from_this<session> {
public:
    session(tcp::socket connection, const server_options& asked)
        : connection_(std::move(connection)), buffer_(asked.buffer_bytes), burn_(asked.burn) {}

    void receive() {
        connection_.async_read_some(
            asio::buffer(buffer_),
            [self = shared_from_this()](const asio::error_code& error, std::size_t got) {
                if (!error) {
                    burn_if_asked(std::as_bytes(std::span(self->buffer_)).first(got), self->burn_);
                    self->send(got);
                }
            });
    }

private:
    void send(std::size_t bytes) {
        asio::async_write(
            connection_, asio::buffer(buffer_, bytes),
            [self = shared_from_this()](const asio::error_code& error, std::size_t /*sent*/) {
                if (!error) {
                    self->receive();
                }
            });
    }

    tcp::socket connection_;
    std::vector<std::byte> buffer_;
    std::chrono::nanoseconds burn_;
};

class acceptor {
public:
    acceptor(std::vector<std::unique_ptr<asio::io_context>>& loops, int listener,
             const server_options& asked)
        : loops_(loops), listener_(*loops.front(), tcp::v4(), listener), asked_(asked) {}

    void accept() {
        asio::io_context& loop = *loops_[next_++ % loops_.size()];
        listener_.async_accept(
            loop, [this, &loop](const asio::error_code& error, tcp::socket made) {
                if (!error) {
                    made.set_option(tcp::no_delay(true));
                    auto kept = std::make_shared<session>(std::move(made), asked_);
                    asio::post(loop, [kept] { kept->receive(); });
                }
                accept();
            });
    }

private:
    std::vector<std::unique_ptr<asio::io_context>>& loops_;
    tcp::acceptor listener_;
    const server_options& asked_;
    std::size_t next_ = 0;
};

} // namespace

void serve_asio(const server_options& asked) {
    require(asked.over, transport::tcp);
    std::vector<std::unique_ptr<asio::io_context>> loops;
    loops.reserve(asked.cores);
    for (unsigned i = 0; i < asked.cores; ++i) {
        loops.push_back(std::make_unique<asio::io_context>(1)); // one thread runs it
    }
    owned_fd listener = listen_at({.over = asked.over, .name = {}});
    const endpoint where = endpoint_of(listener, asked.over);
    acceptor connections(loops, listener.release(), asked);
    connections.accept();
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < asked.cores; ++i) {
        threads.emplace_back([&loop = *loops[i]] {
            const auto stay = asio::make_work_guard(loop);
            loop.run();
        });
    }
    asked.listening(where);
    loops.front()->run();
}

} // namespace eddy::compare::echo
