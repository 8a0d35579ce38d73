// exception_group_test.cpp — several exceptions as one.
//
// Covers:    the text, the members, copies, and selecting by type in nested groups.

#include <eddy/core/exception_group.hpp>

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace eddy {
namespace {

template <typename E>
std::exception_ptr make(const char* what) {
    return std::make_exception_ptr(E(what));
}

// runtime_error "a", { logic_error "b", { out_of_range "c" } }
exception_group nested() {
    const exception_group innermost("innermost", {make<std::out_of_range>("c")});
    const exception_group inner("inner",
                                {make<std::logic_error>("b"), std::make_exception_ptr(innermost)});
    return {"outer", {make<std::runtime_error>("a"), std::make_exception_ptr(inner)}};
}

std::string text_of(const std::optional<exception_group>& part) {
    return part ? part->what() : "nothing";
}

TEST(exception_group, its_text_lists_everything) {
    EXPECT_STREQ(exception_group("failed", {make<std::runtime_error>("a")}).what(),
                 "failed (1 exception): [a]");
    EXPECT_STREQ(nested().what(), "outer (2 exceptions): [a] [inner (2 exceptions): [b] "
                                  "[innermost (1 exception): [c]]]");
    EXPECT_STREQ(exception_group("odd", {std::make_exception_ptr(1)}).what(),
                 "odd (1 exception): [unknown exception]");
}

TEST(exception_group, it_gives_its_members_and_its_leaves) {
    const exception_group all = nested();
    EXPECT_EQ(all.message(), "outer");
    EXPECT_EQ(all.exceptions().size(), 2U);
    EXPECT_EQ(all.leaves().size(), 3U);
}

TEST(exception_group, of_nothing_is_refused) {
    EXPECT_THROW(exception_group("empty", {}), std::invalid_argument);
    EXPECT_THROW(exception_group("null", {nullptr}), std::invalid_argument);
}

TEST(exception_group, a_copy_shares_the_members) {
    const exception_group all = nested();
    exception_group copy = all;
    EXPECT_EQ(copy.what(), all.what());
    copy = exception_group("other", {make<std::runtime_error>("x")});
    EXPECT_STREQ(all.what(), nested().what());
}

TEST(exception_group, it_is_caught_as_an_exception_and_not_as_one_of_its_members) {
    static_assert(std::is_base_of_v<std::exception, exception_group>);
    static_assert(!std::is_base_of_v<std::runtime_error, exception_group>);
    EXPECT_THROW(throw nested(), exception_group);
}

TEST(exception_group, contains_looks_at_leaves_of_all_levels_and_at_bases) {
    const exception_group all = nested();
    EXPECT_TRUE(all.contains<std::runtime_error>());
    EXPECT_TRUE(all.contains<std::out_of_range>());
    EXPECT_TRUE(all.contains<std::exception>());
    EXPECT_FALSE(all.contains<std::bad_alloc>());
    EXPECT_FALSE(all.contains<exception_group>());
}

TEST(exception_group, split_keeps_the_nesting_on_both_sides) {
    const auto [logic, rest] = nested().split<std::out_of_range>();
    EXPECT_EQ(text_of(logic), "outer (1 exception): [inner (1 exception): [innermost "
                              "(1 exception): [c]]]");
    EXPECT_EQ(text_of(rest), "outer (2 exceptions): [a] [inner (1 exception): [b]]");
}

TEST(exception_group, split_gives_nothing_for_an_empty_side) {
    const auto [none, all] = nested().split<std::bad_alloc>();
    EXPECT_EQ(text_of(none), "nothing");
    EXPECT_EQ(text_of(all), nested().what());
    const auto [everything, nobody] = nested().split<std::exception>();
    EXPECT_EQ(text_of(everything), nested().what());
    EXPECT_EQ(text_of(nobody), "nothing");
}

TEST(exception_group, split_by_a_question) {
    const auto is_c = [](const std::exception_ptr& leaf) {
        try {
            std::rethrow_exception(leaf);
        } catch (const std::exception& known) {
            return std::string(known.what()) == "c";
        }
    };
    const auto [only_c, rest] = nested().split_if(is_c);
    EXPECT_EQ(only_c->leaves().size(), 1U);
    EXPECT_EQ(rest->leaves().size(), 2U);
}

TEST(exception_group, for_each_calls_with_the_leaves_of_a_type) {
    std::vector<std::string> seen;
    const std::size_t count = nested().for_each<std::logic_error>(
        [&](const std::logic_error& each) { seen.emplace_back(each.what()); });
    EXPECT_EQ(count, 2U);
    EXPECT_EQ(seen, (std::vector<std::string>{"b", "c"}));
    EXPECT_EQ(nested().for_each<std::bad_alloc>([](const std::bad_alloc&) {}), 0U);
}

} // namespace
} // namespace eddy
