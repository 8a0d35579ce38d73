// registered_function_test.cpp — functions that are found by name, address and signature.
//
// Covers:    names, overloads, anonymous namespaces, lambdas, several entries for one function, two
//            functions of one name, what is not registered; arguments and results on their way.

#include <eddy/exec/registered_function.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shop {

long price(int pieces) {
    return 10L * pieces;
}
double price(double weight) noexcept {
    return 2.5 * weight;
}
std::string greet(const std::string& name, std::string_view how, std::vector<int> numbers) {
    return std::string(how) + ' ' + name + ' ' + std::to_string(numbers.size());
}
int never_registered() {
    return 0;
}
const std::string& by_reference(const std::string& text) {
    static std::string kept;
    return kept = text;
}
int calls = 0;
void count() {
    ++calls;
}

EDDY_FUNCTION(greet);

} // namespace shop

namespace {

int twice(int x) {
    return 2 * x;
}
constexpr auto lambda = [](int x) { return x + 1; };

} // namespace

EDDY_FUNCTION(static_cast<long (*)(int)>(shop::price));
EDDY_FUNCTION(static_cast<double (*)(double) noexcept>(shop::price));
EDDY_FUNCTION(shop::by_reference);
EDDY_FUNCTION(shop::count);
EDDY_FUNCTION(twice);
EDDY_FUNCTION(twice); // as in a header that several source files include
EDDY_FUNCTION(+lambda);

namespace eddy {
namespace {

template <typename R, typename... A>
R call(const registered_function& entry, const A&... arguments) {
    code_writer to;
    to.put(std::tuple<A...>(arguments...));
    code_buffer sent = to.take();
    code_reader from(sent.bytes());
    code_writer result;
    entry.call(from, result);
    const code_buffer given = result.take();
    code_reader back(given.bytes());
    if constexpr (!std::is_void_v<R>) {
        R out = back.get<R>();
        back.expect_end();
        return out;
    }
}

std::string refusal(auto find) {
    try {
        (void)find();
    } catch (const function_not_registered& error) {
        return error.what();
    }
    return "found";
}

TEST(registered_function, is_called_with_what_was_encoded) {
    EXPECT_EQ(call<int>(registered_function::of(twice), 21), 42);
    EXPECT_EQ(call<std::string>(registered_function::of(shop::greet), std::string("Ada"),
                                std::string("hello"), std::vector<int>{1, 2}),
              "hello Ada 2");
    EXPECT_EQ(call<std::string>(registered_function::of(shop::by_reference), std::string("x")),
              "x");
    const int before = shop::calls;
    call<void>(registered_function::of(shop::count));
    EXPECT_EQ(shop::calls, before + 1);
}

TEST(registered_function, is_known_by_its_name_with_its_namespaces) {
    EXPECT_EQ(registered_function::of(shop::greet).name(), "shop::greet");
    EXPECT_NE(registered_function::of(twice).name().find("twice"), std::string::npos);
}

TEST(registered_function, is_found_by_the_key_that_another_process_sends) {
    const auto& entry = registered_function::of(shop::greet);
    EXPECT_EQ(registered_function::find(entry.key()).key(), entry.key());
}

TEST(registered_function, overloads_are_told_apart) {
    using whole = long (*)(int);
    using real = double (*)(double);
    EXPECT_EQ(call<long>(registered_function::of(whole(shop::price)), 3), 30);
    EXPECT_EQ(call<double>(registered_function::of(real(shop::price)), 3.0), 7.5);
    EXPECT_NE(registered_function::of(whole(shop::price)).key(),
              registered_function::of(real(shop::price)).key());
}

TEST(registered_function, a_lambda_without_captures_is_a_function) {
    EXPECT_EQ(call<int>(registered_function::of(+lambda), 1), 2);
}

TEST(registered_function, what_is_not_registered_says_what_to_write) {
    const std::string text =
        refusal([] { return registered_function::of(shop::never_registered).name(); });
    EXPECT_NE(text.find("int ()"), std::string::npos) << text;
    EXPECT_NE(text.find("EDDY_FUNCTION("), std::string::npos) << text;
    const std::string unknown =
        refusal([] { return registered_function::find("no::such i").name(); });
    EXPECT_NE(unknown.find("registered here as no::such:"), std::string::npos) << unknown;
}

TEST(registered_function, two_of_one_name_are_refused) {
    const auto nothing = [](code_reader&, code_writer&) {};
    const auto first = +[] { return 1; };
    const auto second = +[] { return 2; };
    using address = registered_function::address;
    const registered_function one("same", reinterpret_cast<address>(first), typeid(int()), nothing);
    EXPECT_EQ(registered_function::of(first).name(), "same");
    {
        const registered_function two("same", reinterpret_cast<address>(second), typeid(int()),
                                      nothing);
        EXPECT_NE(refusal([&] { return registered_function::of(first).name(); }).find("two func"),
                  std::string::npos);
    }
    EXPECT_EQ(registered_function::of(first).name(), "same"); // its library was unloaded
}

TEST(registered_function, arguments_that_are_not_those_of_the_function_are_an_error) {
    const auto& entry = registered_function::of(twice);
    EXPECT_THROW(call<int>(entry), codec_error);
    EXPECT_THROW(call<int>(entry, 1, 2), codec_error);
}

} // namespace
} // namespace eddy
