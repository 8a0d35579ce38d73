// resolve_test.cpp — names, numbers, services, and the cache in front of them.
//
// Covers:    what needs no thread, what the system is asked, errors, the cache, a cancel.
// Not here:  real name servers: the tests have no network.

#include <eddy/net/resolve.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include <netdb.h>

namespace {

using eddy::resolve;
using eddy::resolve_error;
using eddy::socket_address;

/// Puts the cache back to nothing.
struct cache_for_now {
    explicit cache_for_now(eddy::resolve_cache cache) { eddy::set_resolve_cache(std::move(cache)); }
    cache_for_now(const cache_for_now&) = delete;
    cache_for_now& operator=(const cache_for_now&) = delete;
    ~cache_for_now() { eddy::set_resolve_cache({}); }
};

eddy::resolve_cache one_name(std::vector<socket_address> addresses, int& stored) {
    return {.lookup = [addresses](const eddy::resolve_query& query)
                -> std::optional<std::vector<socket_address>> {
                if (query.host == "known.test") {
                    return addresses;
                }
                return std::nullopt;
            },
            .store =
                [&stored](const eddy::resolve_query&, const std::vector<socket_address>& found) {
                    stored += static_cast<int>(found.size());
                }};
}

template <typename T>
std::string error_of(const eddy::outcome<T>& result) {
    try {
        result.value();
    } catch (const resolve_error& error) {
        return error.what();
    }
    return "no resolve_error";
}

CO_TEST(resolve, gives_numbers_back_at_once) {
    auto here = eddy::create_task(resolve("127.0.0.1", 80), {.eager = true});
    EXPECT_TRUE(here.done()) << "no thread was asked";
    EXPECT_EQ(co_await here, std::vector{socket_address("127.0.0.1", 80)});
    EXPECT_EQ(co_await resolve("::1", "443"), std::vector{socket_address("::1", 443)});
}

CO_TEST(resolve, knows_names_of_hosts_and_services) {
    const auto found = co_await resolve("localhost", "https");
    CO_ASSERT_FALSE(found.empty());
    for (const socket_address& each : found) {
        EXPECT_EQ(each.port(), 443);
        EXPECT_TRUE(each.host() == "127.0.0.1" || each.host() == "::1") << each.str();
    }
    EXPECT_EQ(co_await resolve("127.0.0.1", "http"), std::vector{socket_address("127.0.0.1", 80)});
}

CO_TEST(resolve, gives_one_family_if_it_is_asked_for_one) {
    const auto found = co_await resolve("localhost", 80, {.family = eddy::address_family::ipv4});
    EXPECT_EQ(found, std::vector{socket_address("127.0.0.1", 80)});
    const auto error =
        co_await eddy::as_result(resolve("::1", 80, {.family = eddy::address_family::ipv4}));
    EXPECT_NE(error_of(error).find("'::1:80'"), std::string::npos) << error_of(error);
}

CO_TEST(resolve, of_no_host_is_this_machine_or_all_its_addresses) {
    const auto here = co_await resolve("", 80, {.family = eddy::address_family::ipv4});
    EXPECT_EQ(here, std::vector{socket_address("127.0.0.1", 80)});
    const auto all = co_await resolve(
        "", 80,
        {.family = eddy::address_family::ipv4, .use = eddy::resolve_options::purpose::listening});
    EXPECT_EQ(all, std::vector{socket_address("0.0.0.0", 80)});
}

CO_TEST(resolve, names_the_host_that_has_no_address) {
    const auto unknown = co_await eddy::as_result(resolve("a..b", 80));
    EXPECT_EQ(error_of(unknown), "resolve 'a..b:80': Name or service not known");
    const auto service = co_await eddy::as_result(resolve("127.0.0.1", "no-such-service"));
    EXPECT_NE(error_of(service).find("'127.0.0.1:no-such-service'"), std::string::npos);
    const auto port = co_await eddy::as_result(resolve("127.0.0.1", "65536"));
    EXPECT_NE(error_of(port).find("'127.0.0.1:65536'"), std::string::npos);
}

CO_TEST(resolve, asks_the_cache_first_and_tells_it_what_was_found) {
    const std::vector<socket_address> known{socket_address("192.0.2.1", 80),
                                            socket_address("2001:db8::1", 80)};
    int stored = 0;
    const cache_for_now cache(one_name(known, stored));
    EXPECT_EQ(co_await resolve("known.test", 80), known);
    EXPECT_EQ(stored, 0);
    const auto found = co_await resolve("localhost", 80);
    EXPECT_EQ(stored, static_cast<int>(found.size()));
}

CO_TEST(resolve, takes_an_empty_list_of_the_cache_for_no_address) {
    int stored = 0;
    const cache_for_now cache(one_name({}, stored));
    const auto result = co_await eddy::as_result(resolve("known.test", 80));
    EXPECT_EQ(error_of(result), "resolve 'known.test:80': Name or service not known");
}

CO_TEST(resolve, is_cancelled_at_once) {
    auto pool = std::make_shared<eddy::thread_pool_executor>(1);
    eddy::set_default_executor(pool);
    std::promise<void> go;
    auto busy = pool->submit([free = go.get_future().share()] { free.wait(); });
    auto asking = eddy::create_task(resolve("localhost", 80));
    co_await eddy::yield();
    asking.cancel();
    EXPECT_TRUE((co_await eddy::as_result(asking)).cancelled());
    go.set_value();
    co_await busy;
}

} // namespace
