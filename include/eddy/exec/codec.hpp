// codec.hpp — values as bytes, for functions that are called in another process.
//
// What has a codec: trivially copyable types without pointers; strings; pair, tuple, array,
// optional, variant; the containers of the standard library, of what has one. A type of your own
// gets one by a specialisation:
//
//     template <>
//     struct eddy::codec<point> {
//         static void encode(eddy::code_writer& to, const point& from) { to.put(from.name); }
//         static point decode(eddy::code_reader& from) { return {from.get<std::string>()}; }
//     };
//
// Threads:    a writer, a reader: one.
// Memory:     a writer grows by doubling; a reader looks at bytes that somebody else keeps.
// Invariants: I1  nothing is allocated for a size that was read before that many bytes are seen to
//                 be there: what is short or false is a codec_error, whatever it says.
//             I2  numbers are as in memory: both sides must be built for one kind of processor.
// Design:     docs/design/process_pool.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace eddy::inline v0 {

/// Bytes are not what a codec has written.
class EDDY_API codec_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~codec_error() override;
};

/// Bytes that grow at the end and are not written twice.
class EDDY_API code_buffer {
public:
    code_buffer() noexcept = default;
    code_buffer(code_buffer&& other) noexcept { swap(other); }
    code_buffer& operator=(code_buffer&& other) noexcept {
        code_buffer(std::move(other)).swap(*this);
        return *this;
    }
    ~code_buffer();

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Makes room for `more` bytes at the end; they are not set. Throws: std::bad_alloc.
    [[nodiscard]] std::span<std::byte> grow(std::size_t more) {
        if (more > capacity_ - size_) {
            reserve_more(more);
        }
        std::byte* const begin = data_ + size_;
        size_ += more;
        return {begin, more};
    }
    /// Makes sure that so many more fit. Throws: std::bad_alloc.
    void reserve(std::size_t more) {
        if (more > capacity_ - size_) {
            reserve_more(more);
        }
    }
    /// Keeps the first `bytes` ones.
    void shrink(std::size_t bytes) noexcept { size_ = bytes; }

private:
    void swap(code_buffer& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }
    void reserve_more(std::size_t more);

    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

class code_writer;
class code_reader;

/// Memory of `bytes` is going to be written for the first time: what is large gets large pages.
EDDY_API void prepare_to_fill(void* memory, std::size_t bytes) noexcept;

/// How a T becomes bytes, one at least: `static void encode(code_writer&, const T&)`, and back:
/// `static T decode(code_reader&)`.
template <typename T>
struct codec;

/// What has a codec.
template <typename T>
concept encodable = requires(code_writer& to, code_reader& from, const T& value) {
    codec<T>::encode(to, value);
    { codec<T>::decode(from) } -> std::same_as<T>;
};

/// Where a codec writes to.
class EDDY_API code_writer {
public:
    template <typename T>
    void put(const T& value) {
        codec<T>::encode(*this, value);
    }
    void put_bytes(std::span<const std::byte> bytes);
    /// A number of elements, or of bytes.
    void put_size(std::size_t size) { put(static_cast<std::uint64_t>(size)); }

    [[nodiscard]] const code_buffer& written() const noexcept { return buffer_; }
    [[nodiscard]] code_buffer take() noexcept { return std::move(buffer_); }
    /// Keeps the first `bytes` ones.
    void shrink(std::size_t bytes) noexcept { buffer_.shrink(bytes); }

private:
    code_buffer buffer_;
};

/// What a codec reads from. Throws: codec_error if it is not what was written.
class EDDY_API code_reader {
public:
    explicit code_reader(std::span<const std::byte> bytes) noexcept : left_(bytes) {}

    template <typename T>
    [[nodiscard]] T get() {
        return codec<T>::decode(*this);
    }
    /// The next bytes; they stay where they are.
    [[nodiscard]] std::span<const std::byte> get_bytes(std::size_t count) {
        if (count > left_.size()) {
            throw_short(count);
        }
        const auto taken = left_.first(count);
        left_ = left_.subspan(count);
        return taken;
    }
    /// A number of elements that take `bytes_each` at least; there are so many bytes.
    [[nodiscard]] std::size_t get_size(std::size_t bytes_each = 1);

    [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }
    /// Throws if something is left.
    void expect_end() const;

    [[noreturn]] static void fail(const char* what);

private:
    [[noreturn]] void throw_short(std::size_t wanted) const;

    std::span<const std::byte> left_;
};

// -- what lies in memory as it is --

template <typename T>
inline constexpr bool refers_elsewhere = std::is_pointer_v<T> || std::is_member_pointer_v<T> ||
                                         std::is_reference_v<T> || std::is_null_pointer_v<T>;
template <typename C, typename Traits>
inline constexpr bool refers_elsewhere<std::basic_string_view<C, Traits>> = true;
template <typename T, std::size_t N>
inline constexpr bool refers_elsewhere<std::span<T, N>> = true;
template <typename T>
inline constexpr bool refers_elsewhere<std::reference_wrapper<T>> = true;
template <typename T>
inline constexpr bool refers_elsewhere<std::optional<T>> = refers_elsewhere<T>;
template <typename T, std::size_t N>
inline constexpr bool refers_elsewhere<std::array<T, N>> = refers_elsewhere<T>;
template <typename... T>
inline constexpr bool refers_elsewhere<std::variant<T...>> = (refers_elsewhere<T> || ...);

/// Copied byte by byte. A class with a pointer in it has this too, and must not be sent.
template <typename T>
concept encoded_as_it_is =
    std::is_trivially_copyable_v<T> && !refers_elsewhere<T> && !std::is_const_v<T> &&
    !std::is_volatile_v<T> && !std::is_array_v<T> && !std::is_same_v<T, bool>;

template <encoded_as_it_is T>
struct codec<T> {
    static constexpr bool copies_bytes = true;

    static void encode(code_writer& to, const T& from) {
        to.put_bytes(std::as_bytes(std::span(&from, 1)));
    }
    static T decode(code_reader& from) {
        std::array<std::byte, sizeof(T)> bytes;
        std::memcpy(bytes.data(), from.get_bytes(sizeof(T)).data(), sizeof(T));
        return std::bit_cast<T>(bytes);
    }
};

template <>
struct codec<bool> {
    static void encode(code_writer& to, const bool& from) {
        to.put(static_cast<std::uint8_t>(from ? 1 : 0));
    }
    static bool decode(code_reader& from) {
        const auto found = from.get<std::uint8_t>();
        if (found > 1) {
            code_reader::fail("a bool that is neither");
        }
        return found == 1;
    }
};

// -- strings and containers: the size, then the elements --

/// Its elements lie one after the other.
template <typename T>
concept encoded_as_block =
    requires(T& value, std::size_t count) {
        typename T::value_type;
        { value.data() } -> std::same_as<typename T::value_type*>;
        value.resize(count);
    } && codec<typename T::value_type>::copies_bytes &&
    std::is_default_constructible_v<typename T::value_type>;

/// Elements can be added at its end or, if it has an order of its own, anywhere.
template <typename T>
concept encoded_one_by_one = !encoded_as_it_is<T> && !encoded_as_block<T> &&
                             requires(T& value, typename T::value_type each) {
                                 { value.size() } -> std::convertible_to<std::size_t>;
                                 value.insert(value.end(), std::move(each));
                             };

template <encoded_as_block T>
struct codec<T> {
    using element = typename T::value_type;

    static void encode(code_writer& to, const T& from) {
        to.put_size(from.size());
        to.put_bytes(std::as_bytes(std::span(from.data(), from.size())));
    }
    static T decode(code_reader& from) {
        const std::size_t count = from.get_size(sizeof(element));
        const auto bytes = from.get_bytes(count * sizeof(element));
        T out;
        if constexpr (requires { out.reserve(count); }) {
            out.reserve(count);
            prepare_to_fill(out.data(), bytes.size());
        }
        if constexpr (sizeof(element) == 1) {
            const auto* const begin = reinterpret_cast<const element*>(bytes.data());
            out.assign(begin, begin + bytes.size());
        } else {
            out.resize(count);
            if (count != 0) {
                std::memcpy(out.data(), bytes.data(), bytes.size());
            }
        }
        return out;
    }
};

/// The elements of a map are pairs with a const key, which cannot be decoded.
template <typename T>
struct encoded_element {
    using type = T;
};
template <typename K, typename V>
struct encoded_element<std::pair<const K, V>> {
    using type = std::pair<K, V>;
};

template <encoded_one_by_one T>
    requires encodable<typename encoded_element<typename T::value_type>::type>
struct codec<T> {
    using element = typename encoded_element<typename T::value_type>::type;

    static void encode(code_writer& to, const T& from) {
        to.put_size(from.size());
        for (const auto& each : from) {
            if constexpr (std::is_same_v<element, typename T::value_type>) {
                codec<element>::encode(to, each); // vector<bool> gives no reference
            } else {
                to.put(each.first);
                to.put(each.second);
            }
        }
    }
    static T decode(code_reader& from) {
        T out;
        for (std::size_t left = from.get_size(); left != 0; --left) {
            out.insert(out.end(), from.get<element>());
        }
        return out;
    }
};

// -- what has a fixed number of parts --

template <encodable A, encodable B>
struct codec<std::pair<A, B>> {
    static void encode(code_writer& to, const std::pair<A, B>& from) {
        to.put(from.first);
        to.put(from.second);
    }
    static std::pair<A, B> decode(code_reader& from) {
        A first = from.get<A>(); // in this order
        return {std::move(first), from.get<B>()};
    }
};

template <encodable... T>
struct codec<std::tuple<T...>> {
    static void encode(code_writer& to, const std::tuple<T...>& from) {
        std::apply([&](const T&... each) { (to.put(each), ...); }, from);
        if constexpr (sizeof...(T) == 0) {
            to.put(std::byte{}); // so that many of them are bytes too
        }
    }
    static std::tuple<T...> decode(code_reader& from) {
        if constexpr (sizeof...(T) == 0) {
            (void)from.get_bytes(1);
        }
        return std::tuple<T...>{from.get<T>()...}; // braces: in this order
    }
};

template <encodable T, std::size_t N>
    requires(!encoded_as_it_is<std::array<T, N>>)
struct codec<std::array<T, N>> {
    static void encode(code_writer& to, const std::array<T, N>& from) {
        for (const T& each : from) {
            to.put(each);
        }
    }
    static std::array<T, N> decode(code_reader& from) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return std::array<T, N>{((void)I, from.get<T>())...};
        }(std::make_index_sequence<N>());
    }
};

template <encodable T>
struct codec<std::optional<T>> {
    static void encode(code_writer& to, const std::optional<T>& from) {
        to.put(from.has_value());
        if (from.has_value()) {
            to.put(*from);
        }
    }
    static std::optional<T> decode(code_reader& from) {
        return from.get<bool>() ? std::optional<T>(from.get<T>()) : std::nullopt;
    }
};

template <encodable... T>
struct codec<std::variant<T...>> {
    static void encode(code_writer& to, const std::variant<T...>& from) {
        to.put(static_cast<std::uint32_t>(from.index())); // of a valueless one: refused there
        if (!from.valueless_by_exception()) {
            std::visit([&](const auto& value) { to.put(value); }, from);
        }
    }
    static std::variant<T...> decode(code_reader& from) {
        return alternative<0>(from, from.get<std::uint32_t>());
    }

private:
    template <std::size_t I>
    static std::variant<T...> alternative(code_reader& from, std::uint32_t index) {
        if constexpr (I == sizeof...(T)) {
            code_reader::fail("a variant of no alternative");
        } else if (index == I) {
            using chosen = std::variant_alternative_t<I, std::variant<T...>>;
            return std::variant<T...>(std::in_place_index<I>, from.get<chosen>());
        } else {
            return alternative<I + 1>(from, index);
        }
    }
};

} // namespace eddy::inline v0
