// server_test.cpp — servers: who is served, how many, and how it ends.
//
// Covers:    listening, handlers, limits and deadlines, accept that fails, closing and draining,
//            sharing between loops, servers on a path.
// Threads:   a sys::fault_plan may not come or go while other threads make calls: on one worker.
// Not here:  many connections at random -> stress/net_stress.cpp; how evenly work is spread, and
//            what connections of a stuck loop get -> stress/net_balance_stress.cpp.

#include "support/net.hpp"
#include <eddy/base/fault_plan.hpp>
#include <eddy/testing/co_test.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;
using test_support::code_of;

coro<> echo(stream_reader in, stream_writer out) {
    for (;;) {
        const std::string line = co_await in.readline();
        if (line.empty()) {
            co_return;
        }
        out.write(line);
        co_await out.drain();
    }
}

coro<> silent(stream_reader in, stream_writer) {
    (void)co_await in.read();
}

const socket_address anywhere("127.0.0.1", 0);

server listen_here(connection_handler handler, const server_options& options = {}) {
    return listen_on(std::move(handler), std::span(&anywhere, 1), options);
}

coro<stream_ends> connect_to(socket_address at) {
    socket made = socket::stream(at);
    co_await made.connect(at);
    co_return open_stream(std::move(made));
}

coro<std::string> ask(socket_address at, std::string line) {
    auto [in, out] = co_await connect_to(at);
    out.write(line);
    co_return co_await in.readline();
}

/// Until `condition` holds; virtual time.
coro<bool> becomes(std::function<bool()> condition) {
    for (int i = 0; i != 1000; ++i) {
        if (condition()) {
            co_return true;
        }
        co_await sleep(1ms);
    }
    co_return false;
}

coro<> close_and_wait(server& which) {
    which.close();
    co_await which.wait_closed();
}

CO_TEST(server, each_connection_is_served) {
    server s = co_await start_server(echo, "127.0.0.1", 0);
    EXPECT_TRUE(s.is_serving());
    CO_ASSERT_EQ(s.addresses().size(), 1U);
    EXPECT_EQ(s.port(), s.addresses().front().port());
    std::vector<task<std::string>> all;
    for (int i = 0; i != 20; ++i) {
        all.push_back(create_task(ask(s.addresses().front(), std::to_string(i) + "\n")));
    }
    for (std::size_t i = 0; i != all.size(); ++i) {
        EXPECT_EQ(co_await all[i], std::to_string(i) + "\n");
    }
    EXPECT_TRUE(co_await becomes([&] { return s.connections() == 0; }));
    co_await close_and_wait(s);
    EXPECT_FALSE(s.is_serving());
    EXPECT_TRUE(s.addresses().empty());
    EXPECT_EQ(s.port(), 0);
}

CO_TEST(server, a_connection_is_closed_when_its_handler_has_ended) {
    server s = listen_here([](stream_reader, stream_writer out) -> coro<> {
        out.write("bye");
        co_return;
    });
    auto [in, out] = co_await connect_to(s.addresses().front());
    EXPECT_EQ(co_await in.read(), "bye");
    co_await close_and_wait(s);
}

CO_TEST(server, all_addresses_of_the_machine_are_listened_on) {
    server s = co_await start_server(echo, "", 0);
    for (const socket_address& each : s.addresses()) {
        const socket_address at(each.family() == address_family::ipv6 ? "::1" : "127.0.0.1",
                                each.port());
        EXPECT_EQ(co_await ask(at, "x\n"), "x\n");
    }
    co_await close_and_wait(s);
}

CO_TEST(server, what_cannot_be_listened_on_is_named_and_nothing_stays) {
    server s = listen_here(echo);
    const socket_address taken = s.addresses().front();
    const std::array<socket_address, 2> both{anywhere, taken};
    try {
        const server second = listen_on(echo, both);
        ADD_FAILURE();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::address_in_use);
        EXPECT_NE(std::string(error.what()).find(taken.str()), std::string::npos);
    }
    EXPECT_THROW((void)listen_on(echo, std::span<const socket_address>()), std::invalid_argument);
    EXPECT_THROW((void)listen_on(echo, std::vector<socket>()), std::invalid_argument);
    EXPECT_THROW((void)listen_here(nullptr), std::invalid_argument);
    co_await close_and_wait(s);
}

CO_TEST(server, a_socket_that_listens_already_is_served) {
    std::vector<socket> listening;
    listening.push_back(test_support::listening_socket());
    const socket_address at = listening.front().local_address();
    server s = listen_on(echo, std::move(listening));
    EXPECT_EQ(co_await ask(at, "x\n"), "x\n");
    co_await close_and_wait(s);
}

CO_TEST(server, a_socket_that_does_not_listen_is_refused_by_name) {
    const socket_address here("127.0.0.1", 0);
    std::vector<socket> deaf;
    deaf.push_back(socket::datagrams(here));
    deaf.back().bind(here);
    const std::string name = deaf.back().local_address().str();
    try {
        (void)listen_on(echo, std::move(deaf));
        ADD_FAILURE() << "it serves";
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("'" + name + "' does not"), std::string::npos);
    }
    co_return;
}

CO_TEST(server, small_pieces_go_at_once_and_silence_is_probed_if_that_is_asked_for) {
    struct seen {
        int no_delay = -1;
        int alive = -1;
    };
    for (const toggle each : {toggle::on, toggle::off}) {
        seen got;
        server s = listen_here(
            [&got](stream_reader, stream_writer out) {
                got.no_delay =
                    out.get_socket()->option({.level = IPPROTO_TCP, .name = TCP_NODELAY});
                got.alive = out.get_socket()->option({.level = SOL_SOCKET, .name = SO_KEEPALIVE});
                return [](stream_writer) -> coro<> { co_return; }(std::move(out));
            },
            {.no_delay = each, .keep_alive_probes = keep_alive{}});
        auto [in, out] = co_await connect_to(s.addresses().front());
        EXPECT_EQ(co_await in.read(), "");
        co_await close_and_wait(s);
        EXPECT_EQ(got.no_delay, each == toggle::on ? 1 : 0);
        EXPECT_EQ(got.alive, 1);
    }
}

CO_TEST(server, a_line_longer_than_the_limit_is_the_handlers_error) {
    std::atomic<bool> told = false;
    server s = listen_here(
        [&told](stream_reader in, stream_writer out) {
            return [](stream_reader in, stream_writer, std::atomic<bool>& told) -> coro<> {
                told = (co_await as_result(in.readline())).holds<limit_overrun_error>();
            }(std::move(in), std::move(out), told);
        },
        {.limit = 10});
    auto [in, out] = co_await connect_to(s.addresses().front());
    out.write(std::string(100, 'x'));
    EXPECT_TRUE(co_await becomes([&] { return told.load(); }));
    co_await close_and_wait(s);
}

// -- failures --

CO_TEST(server, a_handler_that_throws_is_reported_and_the_others_go_on) {
    const report_log log;
    server s = listen_here([](stream_reader in, stream_writer out) -> coro<> {
        const std::string line = co_await in.readline();
        if (line == "throw\n") {
            throw std::runtime_error("it broke");
        }
        out.write(line);
    });
    EXPECT_EQ(co_await ask(s.addresses().front(), "throw\n"), "");
    EXPECT_EQ(co_await ask(s.addresses().front(), "x\n"), "x\n");
    co_await close_and_wait(s);
    EXPECT_TRUE(co_await becomes([&] { return log.count(report_kind::never_retrieved) == 1; }));
}

CO_TEST(server, a_handler_that_cannot_even_begin_is_reported_and_the_others_go_on) {
    const report_log log;
    std::atomic<int> calls = 0;
    server s = listen_here([&calls](stream_reader in, stream_writer out) {
        if (++calls == 1) {
            throw std::runtime_error("not this one");
        }
        return echo(std::move(in), std::move(out));
    });
    (void)co_await as_result(ask(s.addresses().front(), "x\n")); // the end, or a reset
    EXPECT_EQ(co_await ask(s.addresses().front(), "x\n"), "x\n");
    co_await close_and_wait(s);
    EXPECT_TRUE(co_await becomes([&] { return log.size() == 1; }));
}

CO_TEST_ON_1(server, no_descriptors_left_makes_it_rest_and_then_go_on_by_itself) {
    const report_log log;
    server s = listen_here(echo, {.pause = 100ms});
    const socket_address at = s.addresses().front();
    co_await sleep(1ms);
    {
        sys::fault_plan plan;
        plan.fail(sys::call::accept4, 1, EMFILE, 10);
        const auto before = now();
        EXPECT_EQ(co_await ask(at, "x\n"), "x\n");
        EXPECT_GE(now() - before, 1s); // ten pauses
        EXPECT_LE(plan.calls(sys::call::accept4), 13U);
    }
    EXPECT_EQ(log.count(report_kind::callback_failed), 1U);
    EXPECT_EQ(co_await ask(at, "y\n"), "y\n");
    co_await close_and_wait(s);
}

CO_TEST_ON_1(server, while_one_listener_rests_another_serves) {
    const report_log log;
    const std::array<socket_address, 2> both{anywhere, anywhere};
    server s = listen_on(echo, both, {.pause = 1h});
    co_await sleep(1ms);
    sys::fault_plan plan;
    plan.fail(sys::call::accept4, 1, ENFILE);
    const auto at = s.addresses();
    auto [in, out] = co_await connect_to(at[0]);
    out.write("waits\n");
    auto t = create_task(in.readline());
    co_await sleep(1s);
    EXPECT_FALSE(t.done());
    EXPECT_EQ(co_await ask(at[1], "x\n"), "x\n");
    EXPECT_EQ(co_await t, "waits\n");
    out.close();
    co_await close_and_wait(s);
}

CO_TEST_ON_1(server, a_connection_that_is_gone_already_is_passed_over_at_once) {
    server s = listen_here(echo, {.pause = 1h});
    co_await sleep(1ms);
    sys::fault_plan plan;
    std::size_t i = 0;
    for (const int each : {ECONNABORTED, EPROTO, ENETDOWN, EPERM, ETIMEDOUT, EINTR}) {
        plan.fail(sys::call::accept4, ++i, each);
    }
    const auto before = now();
    EXPECT_EQ(co_await ask(s.addresses().front(), "x\n"), "x\n");
    EXPECT_LT(now() - before, 1s);
    co_await close_and_wait(s);
}

// A firewall that lets nobody in; it does not take them out of the queue.
CO_TEST_ON_1(server, connections_that_fail_without_end_do_not_keep_a_loop_busy) {
    server s = listen_here(echo, {.pause = 100ms});
    co_await sleep(1ms);
    sys::fault_plan plan;
    plan.fail(sys::call::accept4, 1, EPERM, 1000);
    EXPECT_EQ(co_await ask(s.addresses().front(), "x\n"), "x\n");
    EXPECT_GE(plan.calls(sys::call::accept4), 1000U);
    co_await close_and_wait(s);
}

// -- limits --

CO_TEST(server, no_more_are_served_at_a_time_than_connections_max) {
    server s = listen_here(echo, {.connections_max = 2});
    const socket_address at = s.addresses().front();
    auto first = co_await connect_to(at);
    auto second = co_await connect_to(at);
    EXPECT_TRUE(co_await becomes([&] { return s.connections() == 2; }));
    auto third = create_task(ask(at, "x\n"));
    co_await sleep(1s);
    EXPECT_FALSE(third.done());
    EXPECT_EQ(s.connections(), 2U);
    first.second.close();
    EXPECT_EQ(co_await third, "x\n");
    second.second.close();
    co_await close_and_wait(s);
}

CO_TEST(server, one_that_may_have_no_connections_is_refused) {
    EXPECT_THROW((void)listen_here(silent, {.connections_max = 0}), std::invalid_argument);
    co_return;
}

CO_TEST(server, a_connection_ends_at_its_deadline) {
    const report_log log;
    server s = listen_here(silent, {.connection_deadline = 10s});
    auto [in, out] = co_await connect_to(s.addresses().front());
    const auto before = now();
    EXPECT_EQ(co_await in.read(), "");
    EXPECT_GE(now() - before, 10s);
    co_await close_and_wait(s);
    EXPECT_EQ(log.size(), 0U);
}

CO_TEST(server, a_limit_of_the_handler_itself_is_reported_also_if_connections_have_a_deadline) {
    const report_log log;
    server s = listen_here(
        [](stream_reader in, stream_writer out) -> coro<> {
            (void)co_await eddy::wait_for(in.readline(), 1s);
            out.close();
        },
        {.connection_deadline = 10s});
    auto [in, out] = co_await connect_to(s.addresses().front());
    EXPECT_EQ(co_await in.read(), "");
    co_await close_and_wait(s);
    EXPECT_TRUE(co_await becomes([&] { return log.size() == 1; }));
}

// -- the end --

CO_TEST(server, serve_forever_ends_when_it_is_closed_and_a_cancel_closes_it) {
    server s = listen_here(echo);
    auto t = create_task(s.serve_forever());
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    s.close();
    co_await t;
    co_await s.wait_closed();
    server second = listen_here(echo);
    auto cancelled = create_task(second.serve_forever());
    co_await sleep(1ms);
    cancelled.cancel();
    EXPECT_TRUE((co_await as_result(cancelled)).cancelled());
    EXPECT_FALSE(second.is_serving());
    co_await second.wait_closed();
}

CO_TEST(server, a_closed_server_refuses_and_its_connections_go_on) {
    server s = listen_here(echo);
    const socket_address at = s.addresses().front();
    auto [in, out] = co_await connect_to(at);
    out.write("a\n");
    EXPECT_EQ(co_await in.readline(), "a\n");
    s.close();
    s.close();
    EXPECT_EQ(code_of((co_await as_result(ask(at, "x\n"))).error()), std::errc::connection_refused);
    out.write("b\n");
    EXPECT_EQ(co_await in.readline(), "b\n");
    auto t = create_task(s.wait_closed());
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    out.close();
    co_await t;
    EXPECT_EQ(s.connections(), 0U);
}

CO_TEST(server, the_last_handle_closes_it) {
    socket_address at;
    {
        server s = listen_here(echo);
        at = s.addresses().front();
        server moved(std::move(s));
        EXPECT_EQ(co_await ask(at, "x\n"), "x\n");
        moved = listen_here(echo); // closes the first one
        EXPECT_EQ(code_of((co_await as_result(ask(at, "x\n"))).error()),
                  std::errc::connection_refused);
        at = moved.addresses().front();
    }
    EXPECT_EQ(code_of((co_await as_result(ask(at, "x\n"))).error()), std::errc::connection_refused);
    co_await sleep(1ms);
}

CO_TEST(server, drain_lets_handlers_finish) {
    server s = listen_here([](stream_reader in, stream_writer out) -> coro<> {
        const std::string line = co_await in.readline();
        co_await sleep(1s);
        out.write(line);
    });
    auto t = create_task(ask(s.addresses().front(), "x\n"));
    EXPECT_TRUE(co_await becomes([&] { return s.connections() == 1; }));
    const drain_report got = co_await s.drain(10s);
    EXPECT_EQ(got.finished, 1U);
    EXPECT_EQ(got.cancelled, 0U);
    EXPECT_TRUE(got.refused.empty());
    EXPECT_EQ(co_await t, "x\n");
}

CO_TEST(server, drain_cancels_who_is_late_and_names_who_refuses) {
    std::atomic<int> kind = 0;
    std::atomic<bool> give_in = false;
    server s = listen_here(
        [&](stream_reader in, stream_writer out) {
            return [](stream_reader in, stream_writer out, bool refuses,
                      std::atomic<bool>& give_in) -> coro<> {
                while (refuses && !give_in) {
                    (void)co_await as_result(sleep(1s));
                }
                (void)co_await in.read();
            }(std::move(in), std::move(out), kind++ == 0, give_in);
        },
        {.grace = 5s});
    const socket_address at = s.addresses().front();
    auto refuses = co_await connect_to(at);
    EXPECT_TRUE(co_await becomes([&] { return kind == 1; })); // its handler has begun
    auto late = co_await connect_to(at);
    EXPECT_TRUE(co_await becomes([&] { return s.connections() == 2; }));
    co_await sleep(1ms);
    const auto before = now();
    const drain_report got = co_await s.drain(10s);
    EXPECT_GE(now() - before, 15s);
    EXPECT_EQ(got.finished, 0U);
    EXPECT_EQ(got.cancelled, 1U);
    EXPECT_EQ(got.refused, std::vector<std::string>{refuses.second.get_extra_info("sockname")});
    EXPECT_EQ(co_await late.first.read(), "");
    give_in = true;
    refuses.second.close();
    co_await s.wait_closed();
}

CO_TEST(server, a_drain_that_is_cancelled_cancels_at_once) {
    server s = listen_here(silent);
    auto [in, out] = co_await connect_to(s.addresses().front());
    EXPECT_TRUE(co_await becomes([&] { return s.connections() == 1; }));
    auto t = create_task(s.drain(1h));
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(co_await in.read(), "");
    co_await s.wait_closed();
}

CO_TEST(server, a_drain_of_nobody_is_over_at_once) {
    server s = listen_here(echo);
    const auto before = now();
    const drain_report got = co_await s.drain(1h);
    EXPECT_EQ(now(), before);
    EXPECT_EQ(got.finished + got.cancelled + got.refused.size(), 0U);
}

// Those that come while it is closed are counted in, or refused: never below zero.
CO_TEST(server, a_drain_while_connections_come_counts_each_once) {
    for (int round = 0; round != 10; ++round) {
        std::atomic<std::size_t> begun = 0;
        server s = listen_here([&begun](stream_reader in, stream_writer out) {
            ++begun;
            return silent(std::move(in), std::move(out));
        });
        std::vector<task<std::string>> all;
        for (int i = 0; i != 8; ++i) {
            all.push_back(create_task(ask(s.addresses().front(), "x\n")));
        }
        for (int i = 0; i != round; ++i) {
            co_await yield();
        }
        const drain_report got = co_await s.drain(1s);
        EXPECT_EQ(got.finished, 0U);
        EXPECT_TRUE(got.refused.empty());
        EXPECT_GE(got.cancelled, begun.load());
        EXPECT_LE(got.cancelled, 8U);
        for (auto& each : all) {
            (void)co_await as_result(each);
        }
    }
}

CO_TEST(server, its_connections_live_on_when_it_is_gone) {
    stream_ends client;
    {
        server s = listen_here(echo);
        client = co_await connect_to(s.addresses().front());
        EXPECT_TRUE(co_await becomes([&] { return s.connections() == 1; }));
    }
    client.second.write("x\n");
    EXPECT_EQ(co_await client.first.readline(), "x\n");
    client.second.close();
    co_await sleep(1ms);
}

// -- sharing --

CO_TEST(server, the_kernel_may_choose_the_loop) {
    server s = listen_here(echo, {.accept = server_options::sharing::by_kernel});
    CO_ASSERT_EQ(s.addresses().size(), get_all_loops().size());
    for (const socket_address& each : s.addresses()) {
        EXPECT_EQ(each, s.addresses().front());
    }
    for (int i = 0; i != 20; ++i) {
        EXPECT_EQ(co_await ask(s.addresses().front(), "x\n"), "x\n");
    }
    co_await close_and_wait(s);
}

// -- paths --

std::string path_of_a_test(const char* name) {
    return "/tmp/eddy-server-" + std::to_string(::getpid()) + name;
}

CO_TEST(server, a_server_on_a_path_replaces_what_is_left_over_and_nothing_else) {
    const std::string path = path_of_a_test("-stale");
    const socket_address at = socket_address::local(path);
    {
        server s = co_await start_unix_server(echo, path, {.remove_path = toggle::off});
        EXPECT_EQ(s.port(), 0);
        EXPECT_EQ(co_await ask(at, "x\n"), "x\n");
        EXPECT_EQ(code_of((co_await as_result(start_unix_server(echo, path))).error()),
                  std::errc::address_in_use);
        co_await close_and_wait(s);
    }
    EXPECT_TRUE(sys::find_socket(path.c_str()));
    server s = co_await start_unix_server(echo, path, {.keep_alive_probes = keep_alive{}});
    EXPECT_EQ(co_await ask(at, "y\n"), "y\n");
    co_await close_and_wait(s);
    EXPECT_TRUE((co_await as_result(start_unix_server(echo, ""))).holds<std::invalid_argument>());
}

CO_TEST(server, the_path_of_a_server_goes_when_it_is_closed) {
    const std::string path = path_of_a_test("-closed");
    server s = co_await start_unix_server(echo, path);
    EXPECT_TRUE(sys::find_socket(path.c_str()));
    s.close();
    EXPECT_FALSE(sys::find_socket(path.c_str()));
    co_await s.wait_closed();
}

CO_TEST(server, a_closed_server_leaves_the_socket_that_has_taken_its_place) {
    const std::string path = path_of_a_test("-replaced");
    server first = co_await start_unix_server(echo, path);
    sys::unlink(path.c_str());
    server second = co_await start_unix_server(
        echo, path, {.accept = server_options::sharing::by_kernel}); // one socket all the same
    co_await close_and_wait(first);
    EXPECT_EQ(co_await ask(socket_address::local(path), "x\n"), "x\n");
    co_await close_and_wait(second);
    EXPECT_FALSE(sys::find_socket(path.c_str()));
}

CO_TEST(server, a_name_of_its_own_needs_no_file) {
    const std::string name = '\0' + ("eddy-server-" + std::to_string(::getpid()));
    server s = co_await start_unix_server(echo, name);
    EXPECT_EQ(co_await ask(socket_address::local(name), "x\n"), "x\n");
    co_await close_and_wait(s);
}

} // namespace
} // namespace eddy
