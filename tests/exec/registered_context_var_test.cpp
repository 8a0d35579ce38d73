// registered_context_var_test.cpp — context variables as bytes, and back, in one process.
//
// Covers:    set and unset ones, defaults, several, values of one's own type; what is not known;
//            two of one name; codecs that throw; bytes that make no sense.
// Not here:  in worker processes -> process_pool_executor_context_test.cpp.

#include <eddy/exec/registered_context_var.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>

namespace variables {

struct user {
    std::string name;
};

eddy::context_var<int> number("number", 7);
eddy::context_var<std::string> text("text");
eddy::context_var<user> who("who");
eddy::context_var<int> stays_here("stays_here");

} // namespace variables

template <>
struct eddy::codec<variables::user> {
    static void encode(code_writer& to, const variables::user& from) {
        if (from.name.empty()) {
            throw std::runtime_error("a user without a name");
        }
        to.put(from.name);
    }
    static variables::user decode(code_reader& from) { return {from.get<std::string>()}; }
};

EDDY_CONTEXT_VAR(variables::number);
EDDY_CONTEXT_VAR(variables::number); // as in a header that several source files include
EDDY_CONTEXT_VAR(variables::text);
EDDY_CONTEXT_VAR(variables::who);

namespace eddy {
namespace {

using variables::number;
using variables::text;
using variables::who;

code_buffer encoded() {
    code_writer to;
    EXPECT_EQ(registered_context_var::encode_set(to), to.written().size());
    return to.take();
}

// As in a worker, where nothing is in force before.
template <typename Fn>
void where(const code_buffer& came, Fn fn) {
    context().run([&] {
        const received_context in_force(came.bytes());
        fn();
    });
}

TEST(registered_context_var, has_the_value_that_was_set) {
    const auto bound = number.set(3);
    const auto named = text.set("hello");
    const auto by = who.set({"Ada"});
    const code_buffer came = encoded();
    where(came, [] {
        EXPECT_EQ(number.get(), 3);
        EXPECT_EQ(text.get(), "hello");
        EXPECT_EQ(who.get().name, "Ada");
    });
    where(code_buffer(), [] {
        EXPECT_EQ(number.get(), 7);
        EXPECT_EQ(text.find(), nullptr);
    });
}

TEST(registered_context_var, that_is_not_set_is_not_sent) {
    EXPECT_EQ(encoded().size(), 0U);
    const auto other = variables::stays_here.set(1); // something is in force
    EXPECT_EQ(encoded().size(), 0U);
    const auto named = text.set("alone");
    where(encoded(), [] {
        EXPECT_EQ(text.get(), "alone");
        EXPECT_EQ(number.get(), 7);
        EXPECT_EQ(variables::stays_here.find(), nullptr);
    });
}

TEST(registered_context_var, that_is_set_to_its_default_is_set) {
    const auto bound = number.set(7);
    EXPECT_NE(encoded().size(), 0U);
}

TEST(registered_context_var, has_the_innermost_value_also_of_a_copied_context) {
    const auto outer = number.set(1);
    const auto inner = number.set(2);
    const context copy = copy_context();
    copy.run([] { where(encoded(), [] { EXPECT_EQ(number.get(), 2); }); });
}

TEST(registered_context_var, a_codec_that_throws_is_the_error) {
    const auto nobody = who.set({""});
    code_writer to;
    EXPECT_THROW((void)registered_context_var::encode_set(to), std::runtime_error);
}

TEST(registered_context_var, what_is_not_known_is_left_out) {
    std::optional<context_var<int>> gone(std::in_place, "gone");
    const auto in = gone->set(5);
    code_buffer came;
    {
        static context_var<int>* of = nullptr;
        of = &*gone;
        const registered_context_var entry(
            "gone", of, typeid(int),
            {.is_set = [] { return true; },
             .encode = [](code_writer& to) { to.put(of->get()); },
             .set = [](code_reader&) -> std::unique_ptr<received_value> { std::abort(); }});
        const auto bound = number.set(4);
        came = encoded();
    }
    where(came, [] { EXPECT_EQ(number.get(), 4); });
}

TEST(registered_context_var, two_of_one_name_are_refused_where_one_is_set) {
    static bool set = false;
    set = false;
    const registered_context_var::calls how{
        .is_set = [] { return set; },
        .encode = [](code_writer&) {},
        .set = [](code_reader&) -> std::unique_ptr<received_value> { return nullptr; }};
    const int a = 0;
    const int b = 0;
    const registered_context_var one("same", &a, typeid(int), how);
    const registered_context_var two("same", &b, typeid(int), how);
    const registered_context_var other_type("same", &b, typeid(long), how);
    const auto bound = number.set(1);
    EXPECT_NE(encoded().size(), 0U); // neither of them is set
    set = true;
    code_writer to;
    try {
        (void)registered_context_var::encode_set(to);
        ADD_FAILURE();
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("registered as same,"), std::string::npos)
            << error.what();
    }
}

TEST(registered_context_var, bytes_that_make_no_sense_are_an_error_and_nothing_is_set) {
    const auto bound = number.set(3);
    const auto named = text.set("hello");
    const code_buffer came = encoded();
    context().run([&] {
        for (std::size_t bytes = 1; bytes != came.size(); ++bytes) {
            try {
                const received_context part(came.bytes().first(bytes));
            } catch (const codec_error&) {
            }
            EXPECT_EQ(number.get(), 7);
            EXPECT_EQ(text.find(), nullptr);
        }
        EXPECT_THROW(received_context(came.bytes().first(came.size() - 1)), codec_error);
    });
}

} // namespace
} // namespace eddy
