// stream_error_test.cpp — what the errors of streams say.

#include <eddy/net/stream_error.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

TEST(stream_error, an_incomplete_read_has_what_came) {
    const eddy::incomplete_read_error error("abc", 10);
    EXPECT_EQ(error.partial(), "abc");
    EXPECT_EQ(error.expected(), 10U);
    EXPECT_STREQ(error.what(), "3 bytes were read before the end of the stream; expected 10");
}

TEST(stream_error, an_incomplete_read_may_have_expected_a_separator) {
    const eddy::incomplete_read_error error("", 0);
    EXPECT_STREQ(error.what(),
                 "0 bytes were read before the end of the stream; expected a separator");
}

TEST(stream_error, an_overrun_says_how_much_to_skip) {
    const eddy::limit_overrun_error error("too long", 7);
    EXPECT_EQ(error.consumed(), 7U);
    EXPECT_STREQ(error.what(), "too long");
    EXPECT_THROW(throw error, std::runtime_error);
}

} // namespace
