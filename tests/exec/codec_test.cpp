// codec_test.cpp — what is encoded comes back; what is short or false is an error, not a surprise.
//
// Covers:    every kind of type there is a codec for, a type of one's own, what has none; input cut
//            off at each byte, sizes that are lies, random bytes.

#include <eddy/base/random.hpp>
#include <eddy/exec/codec.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace {

struct point {
    int x = 0;
    double y = 0;
    bool operator==(const point&) const = default;
};

// Trivially copyable, and has a codec of its own all the same.
struct small_number {
    int value = 0;
    bool operator==(const small_number&) const = default;
};

struct person {
    std::string name;
    std::vector<std::string> friends;
    bool operator==(const person&) const = default;
};

struct no_default {
    explicit no_default(int x) : value(x) {}
    int value;
    bool operator==(const no_default&) const = default;
};

} // namespace

template <>
struct eddy::codec<small_number> {
    static void encode(code_writer& to, const small_number& from) {
        to.put(static_cast<std::int8_t>(from.value));
    }
    static small_number decode(code_reader& from) { return {from.get<std::int8_t>()}; }
};
template <>
struct eddy::codec<person> {
    static void encode(code_writer& to, const person& from) {
        to.put(from.name);
        to.put(from.friends);
    }
    static person decode(code_reader& from) {
        auto name = from.get<std::string>();
        return {std::move(name), from.get<std::vector<std::string>>()};
    }
};

namespace eddy {
namespace {

template <typename T>
code_buffer encoded(const T& value) {
    code_writer to;
    to.put(value);
    return to.take();
}
template <typename T>
T decoded(std::span<const std::byte> bytes) {
    code_reader from(bytes);
    T out = from.get<T>();
    from.expect_end();
    return out;
}

// Comes back whole, and is an error wherever it is cut off.
template <typename T>
void expect_round_trip(const T& value) {
    const code_buffer bytes = encoded(value);
    EXPECT_EQ(decoded<T>(bytes.bytes()), value);
    for (std::size_t kept = 0; kept != bytes.size(); ++kept) {
        EXPECT_THROW((void)decoded<T>(bytes.bytes().first(kept)), codec_error) << kept;
    }
}

using map_of_strings = std::map<std::string, std::vector<int>>;

TEST(codec, what_lies_in_memory_comes_back) {
    expect_round_trip(42);
    expect_round_trip(-1.5);
    expect_round_trip('x');
    expect_round_trip(true);
    expect_round_trip(false);
    expect_round_trip(point{.x = 1, .y = 2});
    expect_round_trip(no_default(3));
    expect_round_trip(std::array<int, 3>{1, 2, 3});
    expect_round_trip(std::byte{7});
}

TEST(codec, strings_and_containers_come_back) {
    expect_round_trip(std::string("with a \0 in it", 14));
    expect_round_trip(std::u16string(u"wide"));
    expect_round_trip(std::vector<int>{1, 2, 3});
    expect_round_trip(std::vector<bool>{true, false, true});
    expect_round_trip(std::vector<std::string>{"a", "", "ccc"});
    expect_round_trip(std::vector<std::vector<point>>{{{.x = 1, .y = 2}}, {}});
    expect_round_trip(std::vector<no_default>{no_default(1), no_default(2)});
    expect_round_trip(std::deque<int>{1, 2});
    expect_round_trip(std::list<std::string>{"x", "y"});
    expect_round_trip(std::set<int>{3, 1, 2});
    expect_round_trip(std::multiset<int>{3, 3});
    expect_round_trip(std::unordered_set<std::string>{"a", "b"});
    expect_round_trip(map_of_strings{{"a", {1, 2}}, {"b", {}}});
    expect_round_trip(std::multimap<int, int>{{1, 2}, {1, 3}});
    expect_round_trip(std::unordered_map<int, std::string>{{1, "one"}, {2, "two"}});
    expect_round_trip(std::string());
    expect_round_trip(std::vector<int>());
    expect_round_trip(map_of_strings());
}

TEST(codec, what_has_parts_comes_back) {
    expect_round_trip(std::pair<std::string, int>("one", 1));
    expect_round_trip(std::tuple<int, std::string, std::vector<int>>(1, "two", {3}));
    expect_round_trip(std::tuple<>());
    expect_round_trip(std::vector<std::tuple<>>(3));
    expect_round_trip(std::array<std::string, 2>{"a", "b"});
    expect_round_trip(std::optional<std::string>("there"));
    expect_round_trip(std::optional<int>());
    expect_round_trip(std::variant<int, std::string>("text"));
    expect_round_trip(std::variant<int, std::string, int>(std::in_place_index<2>, 5));
    expect_round_trip(std::variant<std::monostate, std::string>());
}

TEST(codec, a_type_of_ones_own_has_one_after_a_specialisation) {
    expect_round_trip(person{.name = "Ada", .friends = {"Charles", "Mary"}});
    expect_round_trip(std::vector<person>{{.name = "x", .friends = {}}});
}

TEST(codec, a_specialisation_comes_before_the_bytes_in_memory) {
    EXPECT_EQ(encoded(small_number{5}).size(), 1U);
    expect_round_trip(small_number{5});
    expect_round_trip(std::vector<small_number>{{1}, {2}, {3}});
}

TEST(codec, what_points_elsewhere_has_none) {
    static_assert(encodable<int> && encodable<std::string> && encodable<point>);
    static_assert(encodable<map_of_strings> && encodable<std::optional<person>>);
    static_assert(!encodable<int*> && !encodable<const char*> && !encodable<std::string_view>);
    static_assert(!encodable<std::span<int>> && !encodable<std::unique_ptr<int>>);
    static_assert(!encodable<std::shared_ptr<int>> && !encodable<std::reference_wrapper<int>>);
    static_assert(!encodable<int (*)(int)> && !encodable<std::vector<int*>>);
    static_assert(!encodable<std::optional<std::string_view>> && !encodable<std::nullptr_t>);
}

TEST(codec, a_size_that_is_a_lie_allocates_nothing) {
    for (const std::uint64_t size :
         {std::uint64_t{4}, std::uint64_t{1} << 40, std::numeric_limits<std::uint64_t>::max(),
          std::numeric_limits<std::uint64_t>::max() / 4 + 1}) {
        code_writer to;
        to.put(size);
        to.put(std::uint8_t{1});
        const code_buffer bytes = to.take();
        EXPECT_THROW((void)decoded<std::string>(bytes.bytes()), codec_error);
        EXPECT_THROW((void)decoded<std::vector<int>>(bytes.bytes()), codec_error);
        EXPECT_THROW((void)decoded<std::vector<std::string>>(bytes.bytes()), codec_error);
        EXPECT_THROW((void)decoded<map_of_strings>(bytes.bytes()), codec_error);
        EXPECT_THROW((void)decoded<std::set<int>>(bytes.bytes()), codec_error);
    }
}

TEST(codec, a_bool_an_optional_and_a_variant_are_looked_at) {
    EXPECT_THROW((void)decoded<bool>(encoded(std::uint8_t{2}).bytes()), codec_error);
    EXPECT_THROW((void)decoded<std::optional<int>>(encoded(std::uint8_t{9}).bytes()), codec_error);
    using either = std::variant<int, std::string>;
    EXPECT_THROW((void)decoded<either>(encoded(std::uint32_t{2}).bytes()), codec_error);
    EXPECT_THROW((void)decoded<either>(encoded(~std::uint32_t{0}).bytes()), codec_error);
}

TEST(codec, what_is_left_over_is_an_error) {
    EXPECT_THROW((void)decoded<int>(encoded(std::uint64_t{1}).bytes()), codec_error);
}

TEST(codec, random_bytes_give_a_value_or_an_error) {
    using everything = std::tuple<std::string, map_of_strings, std::variant<int, std::string>,
                                  std::vector<std::optional<std::string>>, person>;
    random_source numbers(process_seed());
    SCOPED_TRACE("EDDY_SEED=" + std::to_string(process_seed()));
    int values = 0;
    for (int round = 0; round != 2000; ++round) {
        std::vector<std::byte> bytes(static_cast<std::size_t>(numbers.below(64)));
        for (std::byte& each : bytes) { // small ones: sizes that fit now and then
            each = static_cast<std::byte>(numbers.below(numbers.below(4) == 0 ? 256 : 2));
        }
        try {
            (void)decoded<everything>(bytes);
            ++values;
        } catch (const codec_error&) {
        }
    }
    EXPECT_LT(values, 2000);
}

TEST(codec, a_buffer_grows_and_shrinks) {
    code_writer to;
    for (int i = 0; i != 1000; ++i) {
        to.put(i);
    }
    code_buffer bytes = to.take();
    EXPECT_EQ(bytes.size(), 1000 * sizeof(int));
    bytes.shrink(sizeof(int));
    EXPECT_EQ(decoded<int>(bytes.bytes()), 0);
    const code_buffer moved = std::move(bytes);
    EXPECT_EQ(moved.size(), sizeof(int));
    code_buffer huge;
    EXPECT_THROW((void)huge.grow(std::numeric_limits<std::size_t>::max() - 1), std::bad_alloc);
}

} // namespace
} // namespace eddy
