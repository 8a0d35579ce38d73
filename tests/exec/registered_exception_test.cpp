// registered_exception_test.cpp — exceptions that are thrown again from their bytes.
//
// Covers:    the standard ones, registered ones of three kinds, what is not registered, what is no
//            std::exception, bytes of a type that nobody knows here.

#include <eddy/core/errors.hpp>
#include <eddy/exec/registered_exception.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <new>
#include <string>
#include <system_error>

namespace shop {

struct sold_out : std::runtime_error {
    explicit sold_out(const std::string& what) : std::runtime_error(what) {}
};
struct closed : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return "closed today"; }
};
struct too_many : std::runtime_error {
    explicit too_many(int wanted) : std::runtime_error("too many"), wanted(wanted) {}
    int wanted;
};
struct unknown_elsewhere : std::runtime_error {
    using std::runtime_error::runtime_error;
};

EDDY_EXCEPTION(sold_out);
EDDY_EXCEPTION(closed);

} // namespace shop

template <>
struct eddy::codec<shop::too_many> {
    static void encode(code_writer& to, const shop::too_many& from) { to.put(from.wanted); }
    static shop::too_many decode(code_reader& from) { return shop::too_many(from.get<int>()); }
};
EDDY_EXCEPTION(shop::too_many);

namespace eddy {
namespace {

// Throws it as it comes out on the other side.
template <typename E>
void send(const E& error) {
    code_writer to;
    try {
        throw error;
    } catch (...) {
        registered_exception::encode_current(to);
    }
    const code_buffer bytes = to.take();
    code_reader from(bytes.bytes());
    const std::exception_ptr arrived = registered_exception::decode(from);
    from.expect_end();
    std::rethrow_exception(arrived);
}

template <typename E>
std::string text_of(const E& error) {
    try {
        send(error);
    } catch (const E& arrived) {
        return arrived.what();
    } catch (const std::exception& other) {
        return std::string("another type: ") + other.what();
    }
    return {};
}

TEST(registered_exception, those_of_the_standard_library_arrive_as_they_are) {
    EXPECT_EQ(text_of(std::runtime_error("one")), "one");
    EXPECT_EQ(text_of(std::invalid_argument("two")), "two");
    EXPECT_EQ(text_of(std::out_of_range("")), "");
    EXPECT_EQ(text_of(std::bad_alloc()), std::bad_alloc().what());
    EXPECT_EQ(text_of(timeout_error()), "timed out");
    EXPECT_THROW(send(cancelled_error()), cancelled_error);
}

TEST(registered_exception, a_system_error_keeps_its_code_and_its_text) {
    for (const auto* category : {&std::system_category(), &std::generic_category()}) {
        const std::system_error sent(ENOENT, *category, "open(x)");
        try {
            send(sent);
        } catch (const std::system_error& arrived) {
            EXPECT_EQ(arrived.code(), sent.code());
            EXPECT_STREQ(arrived.what(), sent.what());
        }
    }
}

TEST(registered_exception, one_that_is_registered_arrives_as_itself) {
    EXPECT_EQ(text_of(shop::sold_out("apples")), "apples");
    EXPECT_EQ(text_of(shop::closed()), "closed today");
    try {
        send(shop::too_many(7));
    } catch (const shop::too_many& arrived) {
        EXPECT_EQ(arrived.wanted, 7);
    }
}

TEST(registered_exception, one_that_is_not_arrives_with_its_name_and_text) {
    try {
        send(shop::unknown_elsewhere("why"));
        ADD_FAILURE();
    } catch (const remote_error& arrived) {
        EXPECT_EQ(arrived.type_name(), "shop::unknown_elsewhere");
        EXPECT_EQ(arrived.message(), "why");
        EXPECT_STREQ(arrived.what(), "shop::unknown_elsewhere: why");
    }
}

TEST(registered_exception, what_is_no_exception_at_all_arrives_with_its_name) {
    try {
        send(42);
        ADD_FAILURE();
    } catch (const remote_error& arrived) {
        EXPECT_EQ(arrived.type_name(), "int");
        EXPECT_EQ(arrived.message(), "");
    }
}

TEST(registered_exception, bytes_that_name_no_known_type_are_an_error) {
    code_writer to;
    to.put(std::string("N4shop7unknownE"));
    const code_buffer bytes = to.take();
    code_reader from(bytes.bytes());
    EXPECT_THROW((void)registered_exception::decode(from), codec_error);
}

} // namespace
} // namespace eddy
