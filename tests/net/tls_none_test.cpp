// tls_none_test.cpp — a library that was built without TLS says so.

#include <eddy/net/connect.hpp>
#include <eddy/net/tls.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace {

template <typename T>
void expect_refused(const eddy::outcome<T>& result) {
    try {
        result.value();
        ADD_FAILURE() << "no error";
    } catch (const eddy::tls_error& error) {
        EXPECT_EQ(error.code(), eddy::tls_errc::not_built) << error.what();
    }
}

TEST(tls, context_says_that_there_is_none) {
    EXPECT_THROW((void)eddy::tls_context::client(), eddy::tls_error);
    EXPECT_THROW((void)eddy::tls_context::server({}), eddy::tls_error);
}

CO_TEST(tls, connection_says_that_there_is_none) {
    eddy::socket there = eddy::socket::stream(eddy::socket_address("127.0.0.1", 0));
    there.bind(eddy::socket_address("127.0.0.1", 0));
    there.listen();
    expect_refused(co_await eddy::as_result(eddy::open_connection(
        "127.0.0.1", there.local_address().port(), {.tls = eddy::tls_options{}})));
    auto [near, far] = eddy::socket::pair();
    expect_refused(co_await eddy::as_result(
        eddy::start_tls(eddy::open_stream(std::move(near)), {.server_name = "far"})));
}

} // namespace
