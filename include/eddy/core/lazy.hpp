// lazy.hpp — map, filter, take, enumerate, zip and chunks over ranges and over async_iterables: an
// item is made when it is asked for.
//
//     EDDY_FOR(auto [i, line], lazy::enumerate(lazy::filter(lines(file), is_code))) { … }
//
// Of a range (a generator, a container, a view) each gives a generator; of an async_iterable an
// async_iterable, whose functions may be coroutines. A source is taken by value: moved or copied,
// so nothing dangles; `std::ref(source)` refers to it instead. What is owned is closed with the
// adaptor (aclose), also when take or zip end before their source. All of them are in
// docs/examples/lazy_adaptors.cpp.
//
// Threads:    one consumer at a time, as the sources.
// Memory:     a coroutine frame an item, or one for the whole of a range.
// Cancel:     reaches what the source or the function waits for. What was taken from the source
//             and not given yet is kept by zip and chunks, for their next next(); the item whose
//             function is cancelled is lost to map and filter.

#pragma once

#include <eddy/base/assert.hpp>
#include <eddy/base/function.hpp>
#include <eddy/core/async_generator.hpp>
#include <eddy/core/async_iterable.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/coroutine_function.hpp>
#include <eddy/core/generator.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <iterator>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

namespace lazy {

// -- sources --

template <typename S>
struct kept_source {
    using type = S;
};
template <typename T>
struct kept_source<std::reference_wrapper<T>> {
    using type = T&;
};
/// How an adaptor has a source that it was given as an S&&: as a value, or as a reference if that
/// was a std::ref.
template <typename S>
using kept_t = typename kept_source<std::remove_cvref_t<S>>::type;

template <typename S>
concept async_source = async_iterable<std::remove_reference_t<kept_t<S>>>;
template <typename S>
concept range_source = std::ranges::input_range<std::remove_reference_t<kept_t<S>>&>;
template <typename S>
concept source = async_source<S> || range_source<S>;

template <typename S>
kept_t<S> keep(S&& given) {
    static_assert(std::is_reference_v<kept_t<S>> || std::constructible_from<kept_t<S>, S>,
                  "an adaptor takes its source by value: std::move it there, or refer to it by "
                  "std::ref");
    return static_cast<kept_t<S>>(std::forward<S>(given));
}

/// The item of an iterable as it is kept: T of an optional, T& of a pointer.
template <typename I>
using element_t = std::conditional_t<std::is_pointer_v<async_item_t<I>>, async_reference_t<I>,
                                     std::remove_reference_t<async_reference_t<I>>>;
/// What a generator over a range yields: the elements where they are, if they are anywhere.
template <typename R>
using yielded_t = std::conditional_t<std::is_rvalue_reference_v<std::ranges::range_reference_t<R>>,
                                     std::remove_reference_t<std::ranges::range_reference_t<R>>,
                                     std::ranges::range_reference_t<R>>;

template <typename A>
struct unwrapped {
    using type = A;
};
template <awaitable A>
struct unwrapped<A> {
    using type = await_result_t<A>;
};
/// What a function gives, awaited if it is a coroutine.
template <typename Fn, typename Arg>
using called_t = typename unwrapped<std::invoke_result_t<Fn&, Arg>>::type;
template <typename Fn, typename Arg>
inline constexpr bool is_async = awaitable<std::invoke_result_t<Fn&, Arg>>;

template <typename R>
async_generator<yielded_t<R&>> async_range(R range) {
    for (auto&& each : range) {
        co_yield std::forward<decltype(each)>(each);
    }
}

/// A range as an async_iterable: it never waits, and what is built on it may.
template <range_source S>
[[nodiscard]] auto async(S&& range) {
    return async_range<kept_t<S>>(keep(std::forward<S>(range)));
}

// -- map --

template <typename I, typename Fn>
class mapped {
    using item = async_reference_t<std::remove_reference_t<I>>;
    using result = std::remove_cvref_t<called_t<Fn, item>>;

public:
    mapped(I of, Fn fn) : source_(std::forward<I>(of)), fn_(std::move(fn)) {}

    coro<std::optional<result>> next() {
        auto next = co_await (*source_).next();
        if (!next) {
            co_return std::nullopt;
        }
        if constexpr (is_async<Fn, item>) {
            co_return co_await eddy::call(fn_, give_item(next));
        } else {
            co_return eddy::call(fn_, give_item(next));
        }
    }
    [[nodiscard]] auto aclose() { return source_.close(); }

private:
    kept_iterable<I> source_;
    Fn fn_;
};

template <typename R, typename Fn>
auto map_range(R range, Fn fn)
    -> generator<std::remove_cvref_t<called_t<Fn, std::ranges::range_reference_t<R&>>>> {
    for (auto&& each : range) {
        co_yield eddy::call(fn, std::forward<decltype(each)>(each));
    }
}

/// `fn(item)` for each item.
template <source S, typename Fn>
[[nodiscard]] auto map(S&& of, Fn fn) {
    if constexpr (async_source<S>) {
        return mapped<kept_t<S>, Fn>(keep(std::forward<S>(of)), std::move(fn));
    } else {
        static_assert(!is_async<Fn, std::ranges::range_reference_t<kept_t<S>&>>,
                      "a range cannot wait for a coroutine: lazy::map(lazy::async(range), fn)");
        return map_range<kept_t<S>, Fn>(keep(std::forward<S>(of)), std::move(fn));
    }
}

// -- filter --

template <typename I, typename Fn>
class filtered {
    using item_type = async_item_t<std::remove_reference_t<I>>;
    using seen = decltype(*std::declval<const item_type&>());

public:
    filtered(I of, Fn wanted) : source_(std::forward<I>(of)), wanted_(std::move(wanted)) {}

    coro<item_type> next() {
        while (item_type item = co_await (*source_).next()) {
            bool wanted = false;
            if constexpr (is_async<Fn, seen>) {
                wanted = co_await eddy::call(wanted_, *std::as_const(item));
            } else {
                wanted = static_cast<bool>(eddy::call(wanted_, *std::as_const(item)));
            }
            if (wanted) {
                co_return std::move(item);
            }
        }
        co_return item_type();
    }
    [[nodiscard]] auto aclose() { return source_.close(); }

private:
    kept_iterable<I> source_;
    Fn wanted_;
};

template <typename R, typename Fn>
generator<yielded_t<R&>> filter_range(R range, Fn wanted) {
    for (auto&& each : range) {
        if (eddy::call(wanted, std::as_const(each))) {
            co_yield std::forward<decltype(each)>(each);
        }
    }
}

/// The items for which `wanted(item)` is true.
template <source S, typename Fn>
[[nodiscard]] auto filter(S&& of, Fn wanted) {
    if constexpr (async_source<S>) {
        return filtered<kept_t<S>, Fn>(keep(std::forward<S>(of)), std::move(wanted));
    } else {
        static_assert(!is_async<Fn, std::ranges::range_reference_t<kept_t<S>&>>,
                      "a range cannot wait for a coroutine: lazy::filter(lazy::async(range), fn)");
        return filter_range<kept_t<S>, Fn>(keep(std::forward<S>(of)), std::move(wanted));
    }
}

// -- take --

template <typename I>
class taken {
    using item_type = async_item_t<std::remove_reference_t<I>>;

public:
    taken(I of, std::size_t count) : source_(std::forward<I>(of)), left_(count) {}

    coro<item_type> next() {
        if (left_ == 0) {
            co_await source_.close();
            co_return item_type();
        }
        item_type item = co_await (*source_).next();
        --left_;
        co_return std::move(item);
    }
    [[nodiscard]] auto aclose() { return source_.close(); }

private:
    kept_iterable<I> source_;
    std::size_t left_;
};

template <typename R>
generator<yielded_t<R&>> take_range(R range, std::size_t count) {
    if (count != 0) {
        for (auto&& each : range) {
            co_yield std::forward<decltype(each)>(each);
            if (--count == 0) {
                break;
            }
        }
    }
}

/// The first `count` items. It asks its source for no more than these.
template <source S>
[[nodiscard]] auto take(S&& of, std::size_t count) {
    if constexpr (async_source<S>) {
        return taken<kept_t<S>>(keep(std::forward<S>(of)), count);
    } else {
        return take_range<kept_t<S>>(keep(std::forward<S>(of)), count);
    }
}

// -- enumerate --

template <typename I>
class numbered {
    using pair = std::pair<std::size_t, element_t<std::remove_reference_t<I>>>;

public:
    numbered(I of, std::size_t first) : source_(std::forward<I>(of)), next_(first) {}

    coro<std::optional<pair>> next() {
        auto item = co_await (*source_).next();
        if (!item) {
            co_return std::nullopt;
        }
        co_return std::optional<pair>(std::in_place, next_++, give_item(item));
    }
    [[nodiscard]] auto aclose() { return source_.close(); }

private:
    kept_iterable<I> source_;
    std::size_t next_;
};

template <typename R>
auto enumerate_range(R range, std::size_t next)
    -> generator<std::pair<std::size_t, yielded_t<R&>>> {
    for (auto&& each : range) {
        co_yield std::pair<std::size_t, yielded_t<R&>>(next++, std::forward<decltype(each)>(each));
    }
}

/// Pairs of a number, counted from `first`, and an item.
template <source S>
[[nodiscard]] auto enumerate(S&& of, std::size_t first = 0) {
    if constexpr (async_source<S>) {
        return numbered<kept_t<S>>(keep(std::forward<S>(of)), first);
    } else {
        return enumerate_range<kept_t<S>>(keep(std::forward<S>(of)), first);
    }
}

// -- zip --

template <typename... Is>
class zipped {
    using tuple = std::tuple<element_t<std::remove_reference_t<Is>>...>;

public:
    explicit zipped(Is... of) : sources_(kept_iterable<Is>(std::forward<Is>(of))...) {}

    coro<std::optional<tuple>> next() { return step(std::index_sequence_for<Is...>()); }
    [[nodiscard]] coro<> aclose() { return close_all(std::index_sequence_for<Is...>()); }

private:
    // What was taken stays in items_ until all are there: a cancel in between loses nothing.
    template <std::size_t... I>
    coro<std::optional<tuple>> step(std::index_sequence<I...> all) {
        const bool complete =
            !ended_ && ((std::get<I>(items_) ||
                         put(std::get<I>(items_), co_await (*std::get<I>(sources_)).next())) &&
                        ...);
        if (!complete) {
            ended_ = true;
            co_await close_all(all);
            co_return std::nullopt;
        }
        std::optional<tuple> out(std::in_place, give_item(std::get<I>(items_))...);
        ((std::get<I>(items_) = {}), ...);
        co_return std::move(out);
    }

    template <std::size_t... I>
    coro<> close_all(std::index_sequence<I...> /*all*/) {
        std::exception_ptr error;
        (co_await close_one(std::get<I>(sources_), error), ...);
        if (error != nullptr) {
            std::rethrow_exception(std::move(error));
        }
    }
    template <typename Source>
    static coro<> close_one(Source& what, std::exception_ptr& error) {
        try {
            co_await what.close();
        } catch (...) {
            error = std::current_exception();
        }
    }

    template <typename T>
    static bool put(std::optional<T>& into, std::optional<T> item) {
        if (item) {
            into.emplace(*std::move(item));
        }
        return item.has_value();
    }
    template <typename T>
    static bool put(T*& into, T* item) noexcept {
        into = item;
        return item != nullptr;
    }

    std::tuple<kept_iterable<Is>...> sources_;
    std::tuple<async_item_t<std::remove_reference_t<Is>>...> items_;
    bool ended_ = false;
};

template <typename... Rs>
generator<std::tuple<yielded_t<Rs&>...>> zip_ranges(Rs... ranges) {
    auto at = std::tuple<std::ranges::iterator_t<Rs>...>(std::ranges::begin(ranges)...);
    const auto ends = std::tuple<std::ranges::sentinel_t<Rs>...>(std::ranges::end(ranges)...);
    auto any_at_end = [&]<std::size_t... I>(std::index_sequence<I...>) {
        return ((std::get<I>(at) == std::get<I>(ends)) || ...);
    };
    while (!any_at_end(std::index_sequence_for<Rs...>())) {
        co_yield std::apply([](auto&... each) { return std::tuple<yielded_t<Rs&>...>(*each...); },
                            at);
        std::apply([](auto&... each) { (static_cast<void>(++each), ...); }, at);
    }
}

template <typename S>
decltype(auto) keep_async(S&& of) {
    if constexpr (async_source<S>) {
        return keep(std::forward<S>(of));
    } else {
        return async(std::forward<S>(of));
    }
}

/// Tuples of one item of each source, until the shortest ends. Sources that wait are asked one
/// after the other; a range among them is taken as lazy::async gives it.
template <source... Ss>
    requires(sizeof...(Ss) > 0)
[[nodiscard]] auto zip(Ss&&... of) {
    if constexpr ((async_source<Ss> || ...)) {
        return zipped<decltype(keep_async(std::forward<Ss>(of)))...>(
            keep_async(std::forward<Ss>(of))...);
    } else {
        return zip_ranges<kept_t<Ss>...>(keep(std::forward<Ss>(of))...);
    }
}

// -- chunks --

template <typename I>
class chunked {
    using element = std::remove_cvref_t<element_t<std::remove_reference_t<I>>>;

public:
    chunked(I of, std::size_t size) : source_(std::forward<I>(of)), size_(size) {
        EDDY_ASSERT(size > 0);
    }

    coro<std::optional<std::vector<element>>> next() {
        while (begun_.size() < size_) {
            auto item = co_await (*source_).next();
            if (!item) {
                break;
            }
            begun_.push_back(give_item(item));
        }
        if (begun_.empty()) {
            co_return std::nullopt;
        }
        co_return std::exchange(begun_, {});
    }
    [[nodiscard]] auto aclose() { return source_.close(); }

private:
    kept_iterable<I> source_;
    std::size_t size_;
    std::vector<element> begun_; // stays if the source throws or the consumer is cancelled
};

template <typename R>
auto chunk_range(R range, std::size_t size)
    -> generator<std::vector<std::ranges::range_value_t<R>>> {
    EDDY_ASSERT(size > 0);
    std::vector<std::ranges::range_value_t<R>> chunk;
    for (auto&& each : range) {
        chunk.push_back(std::forward<decltype(each)>(each));
        if (chunk.size() == size) {
            co_yield std::exchange(chunk, {});
        }
    }
    if (!chunk.empty()) {
        co_yield std::move(chunk);
    }
}

/// Vectors of `size` items; the last one may have fewer. `size` is not 0.
template <source S>
[[nodiscard]] auto chunks(S&& of, std::size_t size) {
    if constexpr (async_source<S>) {
        return chunked<kept_t<S>>(keep(std::forward<S>(of)), size);
    } else {
        return chunk_range<kept_t<S>>(keep(std::forward<S>(of)), size);
    }
}

// -- the end of a chain --

template <typename I>
coro<std::vector<std::remove_cvref_t<element_t<std::remove_reference_t<I>>>>> collect_from(I of) {
    std::vector<std::remove_cvref_t<element_t<std::remove_reference_t<I>>>> out;
    while (auto item = co_await of.next()) {
        out.push_back(give_item(item));
    }
    co_return out;
}

/// `co_await collect(source)` gives all items of an async_iterable in a vector.
///
/// Cancel: the items so far are lost.
template <async_source S>
[[nodiscard]] auto collect(S&& of) {
    return collect_from<kept_t<S>>(keep(std::forward<S>(of)));
}

} // namespace lazy

} // namespace eddy::inline v0
