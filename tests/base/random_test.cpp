// random_test.cpp — one seed, one sequence.
//
// Covers:    repeatability, streams, range and evenness of below, reading a seed.

#include <eddy/base/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace {

TEST(random, the_same_seed_gives_the_same_numbers) {
    eddy::random_source a(42);
    eddy::random_source b(42);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(a.next(), b.next());
    }
}

TEST(random, streams_and_seeds_differ) {
    eddy::random_source base(42);
    eddy::random_source stream(42, 1);
    eddy::random_source seed(43);
    const auto first = base.next();
    EXPECT_NE(first, stream.next());
    EXPECT_NE(first, seed.next());
}

TEST(random, below_reaches_every_value_about_equally_often) {
    eddy::random_source source(7);
    std::array<int, 10> hits{};
    for (int i = 0; i < 10'000; ++i) {
        const auto value = source.below(hits.size());
        ASSERT_LT(value, hits.size());
        ++hits[value];
    }
    EXPECT_GT(std::ranges::min(hits), 850);
    EXPECT_LT(std::ranges::max(hits), 1'150);
}

TEST(random, below_one_is_zero) {
    eddy::random_source source(7);
    EXPECT_EQ(source.below(1), 0U);
}

TEST(random, works_with_the_standard_algorithms) {
    std::array<int, 5> values{1, 2, 3, 4, 5};
    std::ranges::shuffle(values, eddy::random_source(3));
    EXPECT_EQ(std::ranges::count(values, 4), 1);
}

TEST(random, the_process_seed_stays_the_same) {
    EXPECT_EQ(eddy::process_seed(), eddy::process_seed());
}

TEST(random, a_seed_is_decimal_or_hexadecimal) {
    EXPECT_EQ(eddy::parse_seed("123"), 123U);
    EXPECT_EQ(eddy::parse_seed("0xffffffffffffffff"), ~std::uint64_t{0});
}

TEST(random, a_bad_seed_is_refused_by_name_and_value) {
    for (const char* text : {"", "abc", "12x", "-1", "0x", "99999999999999999999"}) {
        try {
            static_cast<void>(eddy::parse_seed(text));
            ADD_FAILURE() << "accepted '" << text << "'";
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::invalid_argument);
            EXPECT_NE(std::string(error.what()).find("EDDY_SEED=" + std::string(text)),
                      std::string::npos);
        }
    }
}

} // namespace
