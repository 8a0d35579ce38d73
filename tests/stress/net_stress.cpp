// net_stress.cpp — hundreds of connections on more workers than cores, with cancels and closes from
// everywhere: every byte is checked.
//
// Covers:    streams under random cancels of both ends; sockets that other tasks and threads close,
//            so that descriptor numbers are used again at once; a server with clients that leave
//            in every way, closed and drained under load.
// Expect:    whatever a connection reads is what its own peer wrote, in order, without a gap.

#include "stress/stress_case.hpp"
#include "support/net.hpp"
#include <eddy/eddy.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using stress::scaled;
using stress::stress_case;

/// The byte at `index` of connection `id`.
char byte_of(std::uint32_t id, std::size_t index) {
    const std::uint64_t mixed = (id * 0x9e3779b9U + index) * 0xbf58476d1ce4e5b9U;
    return static_cast<char>(mixed >> 56U);
}

std::string bytes_of(std::uint32_t id, std::size_t from, std::size_t count) {
    std::string out(count, '\0');
    for (std::size_t i = 0; i != count; ++i) {
        out[i] = byte_of(id, from + i);
    }
    return out;
}

/// Checks that bytes come in their order.
class checked {
public:
    explicit checked(std::uint32_t id) : id_(id) {}
    void take(std::string_view got) {
        for (const char each : got) {
            if (each != byte_of(id_, count_++)) {
                ++wrong_;
            }
        }
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::size_t wrong() const { return wrong_; }

private:
    std::uint32_t id_;
    std::size_t count_ = 0;
    std::size_t wrong_ = 0;
};

class net : public stress_case, public testing::WithParamInterface<unsigned> {
protected:
    void run(eddy::coro<> main) { eddy::run(std::move(main), {.workers = GetParam()}); }
};

INSTANTIATE_TEST_SUITE_P(workers, net, testing::Values(1U, 4U, 8U),
                         testing::PrintToStringParamName());

// -- cancels --

/// Runs `body`, and cancels it after a random while, if not before it has ended.
template <typename T>
eddy::coro<eddy::outcome<T>> cancelled_somewhere(eddy::coro<T> body, eddy::random_source& random) {
    if (random.below(3) == 0) {
        co_return co_await eddy::as_result(std::move(body));
    }
    auto running = eddy::create_task(std::move(body));
    for (std::uint64_t i = random.below(4); i != 0; --i) {
        co_await eddy::yield();
    }
    if (random.below(2) == 0) {
        co_await eddy::sleep(std::chrono::microseconds(random.below(100)));
    }
    running.cancel();
    co_return co_await eddy::as_result(std::move(running));
}

eddy::coro<> write_all(eddy::stream_writer out, std::uint32_t id, std::size_t total) {
    eddy::random_source random(eddy::process_seed(), id);
    for (std::size_t sent = 0; sent != total;) {
        const std::size_t count = std::min<std::size_t>(total - sent, 1 + random.below(20'000));
        out.write(bytes_of(id, sent, count));
        sent += count;
        (void)co_await cancelled_somewhere(out.drain(), random);
    }
    co_await out.drain();
    out.close();
    co_await out.wait_closed();
}

struct reading {
    checked got;
    bool ended = false;
    std::vector<std::byte> room = std::vector<std::byte>(10'000);

    void take(std::size_t bytes) { got.take({reinterpret_cast<const char*>(room.data()), bytes}); }
};

/// What it has read is in `to` when it ends, also if a cancel ends it.
eddy::coro<> read_somehow(eddy::stream_reader& in, reading& to, std::uint64_t how,
                          std::size_t bytes) {
    const auto room = std::span(to.room).first(bytes);
    try {
        if (how == 0) {
            const std::string more = co_await in.read(bytes);
            to.got.take(more);
            to.ended = more.empty();
        } else if (how == 1) {
            to.got.take(co_await in.readexactly(bytes));
        } else if (how == 2) {
            const std::size_t more = co_await in.read_into(room);
            to.take(more);
            to.ended = more == 0;
        } else {
            co_await in.readexactly_into(room);
            to.take(bytes);
        }
    } catch (const eddy::incomplete_read_error& error) {
        to.got.take(error.partial());
        to.ended = true;
    }
}

eddy::coro<> read_all(eddy::stream_reader in, std::uint32_t id, std::size_t total) {
    eddy::random_source random(eddy::process_seed(), 1'000'000 + id);
    reading all{.got = checked(id)};
    while (!all.ended) {
        const std::uint64_t how = random.below(4);
        const eddy::outcome<void> result = co_await cancelled_somewhere(
            read_somehow(in, all, how, 1 + random.below(all.room.size())), random);
        if (!result && !result.cancelled()) {
            std::rethrow_exception(result.error());
        }
    }
    EXPECT_EQ(all.got.count(), total);
    EXPECT_EQ(all.got.wrong(), 0U);
}

TEST_P(net, cancels_lose_no_byte_and_double_none) {
    const std::size_t connections = scaled(100);
    run([](std::size_t connections) -> eddy::coro<> {
        eddy::random_source random(eddy::process_seed());
        std::vector<eddy::task<>> all;
        for (std::uint32_t id = 0; id != connections; ++id) {
            auto ends =
                id % 2 == 0 ? eddy::socket::pair() : co_await eddy::test_support::tcp_pair();
            auto near = eddy::open_stream(std::move(ends.first));
            auto far = eddy::open_stream(std::move(ends.second));
            const std::size_t total = random.below(200'000);
            all.push_back(eddy::create_task(write_all(std::move(near.second), id, total)));
            all.push_back(eddy::create_task(read_all(std::move(far.first), id, total)));
        }
        for (auto& each : all) {
            co_await each;
        }
    }(connections));
}

// -- closes --

/// Sockets that threads close at random moments.
class closers {
public:
    explicit closers(unsigned threads) {
        for (unsigned i = 0; i != threads; ++i) {
            threads_.emplace_back([this, i] { work(i); });
        }
    }
    ~closers() {
        over_ = true;
        for (std::thread& each : threads_) {
            each.join();
        }
    }
    closers(const closers&) = delete;
    closers& operator=(const closers&) = delete;

    void add(std::shared_ptr<eddy::socket> which) {
        const std::lock_guard hold(lock_);
        sockets_.push_back(std::move(which));
    }

private:
    void work(unsigned index) {
        eddy::random_source random(eddy::process_seed(), 2'000'000 + index);
        while (!over_) {
            std::shared_ptr<eddy::socket> chosen;
            {
                const std::lock_guard hold(lock_);
                if (!sockets_.empty()) {
                    std::swap(sockets_[random.below(sockets_.size())], sockets_.back());
                    chosen = std::move(sockets_.back());
                    sockets_.pop_back();
                }
            }
            if (chosen != nullptr) {
                chosen->close();
            }
            std::this_thread::sleep_for(std::chrono::microseconds(random.below(200)));
        }
    }

    std::mutex lock_;
    std::vector<std::shared_ptr<eddy::socket>> sockets_;
    std::atomic<bool> over_{false};
    std::vector<std::thread> threads_;
};

bool is_of_a_close(const std::system_error& error) {
    return error.code() == std::errc::bad_file_descriptor ||
           error.code() == std::errc::broken_pipe || error.code() == std::errc::connection_reset;
}

eddy::coro<> send_until_closed(std::shared_ptr<eddy::socket> to, std::uint32_t id) {
    eddy::random_source random(eddy::process_seed(), 3'000'000 + id);
    try {
        for (std::size_t sent = 0; sent < 2'000'000;) {
            const std::string block = bytes_of(id, sent, 1 + random.below(30'000));
            co_await to->sendall(block);
            sent += block.size();
            if (random.below(16) == 0) {
                co_await eddy::sleep(std::chrono::microseconds(random.below(300)));
            }
        }
        to->close();
    } catch (const std::system_error& error) {
        EXPECT_TRUE(is_of_a_close(error)) << error.what();
    }
}

eddy::coro<> receive_until_closed(std::shared_ptr<eddy::socket> from, std::uint32_t id) {
    eddy::random_source random(eddy::process_seed(), 4'000'000 + id);
    checked got(id);
    try {
        for (;;) {
            const std::string more = co_await from->recv(1 + random.below(30'000));
            if (more.empty()) {
                break;
            }
            got.take(more);
        }
    } catch (const std::system_error& error) {
        EXPECT_TRUE(is_of_a_close(error)) << error.what();
    }
    EXPECT_EQ(got.wrong(), 0U) << "connection " << id << " after " << got.count() << " bytes";
}

eddy::coro<> closed_by_a_task(std::shared_ptr<eddy::socket> which, std::uint64_t after) {
    co_await eddy::sleep(std::chrono::microseconds(after));
    which->close();
}

eddy::coro<> open_and_close(closers& threads, std::uint32_t slot, std::size_t rounds) {
    eddy::random_source random(eddy::process_seed(), 5'000'000 + slot);
    for (std::uint32_t round = 0; round != rounds; ++round) {
        const std::uint32_t id = slot * 10'000 + round;
        auto ends = eddy::socket::pair();
        const auto near = std::make_shared<eddy::socket>(std::move(ends.first));
        const auto far = std::make_shared<eddy::socket>(std::move(ends.second));
        std::vector<eddy::task<>> all;
        all.push_back(eddy::create_task(send_until_closed(near, id)));
        all.push_back(eddy::create_task(receive_until_closed(far, id)));
        all.push_back(eddy::create_task(receive_until_closed(near, id + 5000))); // both directions
        all.push_back(eddy::create_task(send_until_closed(far, id + 5000)));
        if (random.below(2) == 0) {
            threads.add(random.below(2) == 0 ? near : far);
        } else {
            all.push_back(eddy::create_task(
                closed_by_a_task(random.below(2) == 0 ? near : far, random.below(2000))));
        }
        for (auto& each : all) {
            co_await each;
        }
    }
}

TEST_P(net, closes_from_other_tasks_and_threads_meet_only_their_own_connection) {
    const std::size_t rounds = scaled(40);
    run([](std::size_t rounds) -> eddy::coro<> {
        closers threads(2);
        std::vector<eddy::task<>> all;
        for (std::uint32_t slot = 0; slot != 20; ++slot) {
            all.push_back(eddy::create_task(open_and_close(threads, slot, rounds)));
        }
        for (auto& each : all) {
            co_await each;
        }
    }(rounds));
}

// -- a server --

eddy::coro<> echo(eddy::stream_reader in, eddy::stream_writer out) {
    try {
        for (;;) {
            const std::string more = co_await in.read(8192);
            if (more.empty()) {
                break;
            }
            out.write(more);
            co_await out.drain();
        }
        out.close();
        co_await out.wait_closed();
    } catch (const std::system_error& error) {
        EXPECT_TRUE(is_of_a_close(error)) << error.what();
    }
}

eddy::coro<> send_some(eddy::stream_writer& out, std::uint32_t id, std::size_t total) {
    eddy::random_source random(eddy::process_seed(), 6'000'000 + id);
    for (std::size_t sent = 0; sent != total;) {
        const std::size_t count = std::min<std::size_t>(total - sent, 1 + random.below(9000));
        out.write(bytes_of(id, sent, count));
        sent += count;
        co_await out.drain();
    }
    out.write_eof();
}

/// Talks to the server, and leaves in one of several ways.
eddy::coro<> client(eddy::socket_address at, std::uint32_t id) {
    eddy::random_source random(eddy::process_seed(), 7'000'000 + id);
    eddy::socket made = eddy::socket::stream(at);
    co_await made.connect(at);
    auto [in, out] = eddy::open_stream(std::move(made));
    const std::size_t total = random.below(60'000);
    const std::uint64_t how = random.below(4);
    const std::size_t wanted = how == 0 ? total : random.below(total + 1);
    auto sender = eddy::create_task(send_some(out, id, total));
    checked got(id);
    while (got.count() < wanted) {
        const std::string more = co_await in.read(1 + random.below(10'000));
        if (more.empty()) {
            break;
        }
        got.take(more);
    }
    EXPECT_GE(got.count(), wanted);
    EXPECT_EQ(got.wrong(), 0U);
    if (how == 0) {
        co_await sender;
        EXPECT_EQ(co_await in.read(1), "");
    } else if (how == 1) {
        out.abort();
    } else if (how == 2) {
        out.close();
        (void)co_await eddy::as_result(eddy::wait_for(out.wait_closed(), 1ms));
    }
    sender.cancel();
    (void)co_await eddy::as_result(sender);
}

TEST_P(net, a_server_serves_clients_that_leave_in_every_way) {
    const std::size_t clients = scaled(600);
    run([](std::size_t clients) -> eddy::coro<> {
        eddy::server s = co_await eddy::start_server(echo, "127.0.0.1", 0);
        const eddy::socket_address at = s.addresses().front();
        eddy::semaphore at_a_time(150);
        std::vector<eddy::task<>> all;
        for (std::uint32_t id = 0; id != clients; ++id) {
            all.push_back(eddy::create_task([](eddy::semaphore& at_a_time, eddy::socket_address at,
                                               std::uint32_t id) -> eddy::coro<> {
                const auto permit = co_await at_a_time.acquire();
                co_await client(at, id);
            }(at_a_time, at, id)));
        }
        for (auto& each : all) {
            co_await each;
        }
        const eddy::drain_report end = co_await s.drain(10s);
        EXPECT_TRUE(end.refused.empty());
        EXPECT_EQ(end.cancelled, 0U);
        EXPECT_EQ(s.connections(), 0U);
    }(clients));
}

TEST_P(net, a_server_is_drained_under_load) {
    for (std::size_t round = scaled(10); round != 0; --round) {
        run([]() -> eddy::coro<> {
            eddy::server s = co_await eddy::start_server(echo, "127.0.0.1", 0);
            const eddy::socket_address at = s.addresses().front();
            std::vector<eddy::task<>> all;
            for (int i = 0; i != 50; ++i) {
                all.push_back(eddy::create_task([](eddy::socket_address at) -> eddy::coro<> {
                    try {
                        for (;;) {
                            eddy::socket made = eddy::socket::stream(at);
                            co_await made.connect(at);
                            co_await made.sendall("x");
                            if ((co_await made.recv(1)).empty()) {
                                co_return;
                            }
                        }
                    } catch (const std::system_error&) { // the server is gone
                    }
                }(at)));
            }
            co_await eddy::sleep(20ms);
            const eddy::drain_report end = co_await s.drain(10ms);
            EXPECT_TRUE(end.refused.empty());
            EXPECT_EQ(s.connections(), 0U);
            for (auto& each : all) {
                co_await each;
            }
        }());
    }
}

} // namespace
