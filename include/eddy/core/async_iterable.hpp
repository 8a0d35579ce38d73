// async_iterable.hpp — what can be iterated by awaiting: next(), until it gives nothing; and
// EDDY_FOR, the loop over it.
//
// async_generator, as_completed, and any class with such a next() are iterables.
//
// Threads:    one consumer at a time.

#pragma once

#include <eddy/core/awaitable.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// What a next() may give: a value or nothing, or a pointer that is null at the end.
template <typename T>
inline constexpr bool is_item = std::is_pointer_v<T>;
template <typename T>
inline constexpr bool is_item<std::optional<T>> = true;

/// `co_await i.next()` gives the next item, std::optional<T> or a pointer; empty at the end.
template <typename I>
concept async_iterable = requires(I& i) {
    { i.next() } -> awaitable;
    requires is_item<await_result_t<decltype(i.next())>>;
};

/// What next() of an iterable gives: the item or its absence.
template <typename I>
using async_item_t = await_result_t<decltype(std::declval<I&>().next())>;
/// What a loop over it gets: T&& of an optional, T& of a pointer.
template <typename I>
using async_reference_t = decltype(*std::declval<async_item_t<I>>());

/// Lets what next() gave go into what the loop declares.
template <typename Item>
decltype(auto) give_item(Item& item) noexcept {
    return *std::move(item);
}

/// Ends by aclose(): for who leaves it before its end.
template <typename I>
concept async_closable = requires(I& i) {
    { i.aclose() } -> awaitable;
};

/// For who has nothing to wait for.
struct skip_op {
    static bool await_ready() noexcept { return true; }
    static void await_suspend(promise_base& /*promise*/) noexcept {}
    static void await_resume() noexcept {}
};

/// Ends `what`, if there is something to end.
template <typename I>
[[nodiscard]] auto close_iterable(I& what) {
    if constexpr (async_closable<I>) {
        return what.aclose();
    } else {
        return skip_op();
    }
}

/// Where an iterable is kept: here, as an I, and then it is closed from here; or elsewhere, as an
/// I&.
template <typename I>
class kept_iterable {
public:
    explicit kept_iterable(I what) noexcept(std::is_nothrow_move_constructible_v<I>)
        : what_(std::move(what)) {}
    [[nodiscard]] I& operator*() noexcept { return what_; }
    [[nodiscard]] auto close() { return close_iterable(what_); }

private:
    I what_;
};
template <typename I>
class kept_iterable<I&> {
public:
    explicit kept_iterable(I& what) noexcept : what_(&what) {}
    [[nodiscard]] I& operator*() const noexcept { return *what_; }
    [[nodiscard]] static skip_op close() noexcept { return {}; }

private:
    I* what_;
};

/// The loop of EDDY_FOR: one round, in which all items are given, and a close.
template <typename I>
    requires async_iterable<I>
class for_loop {
public:
    explicit for_loop(I&& what) : what_(std::forward<I>(what)) {}
    /// True once.
    [[nodiscard]] bool open() noexcept { return !std::exchange(opened_, true); }
    [[nodiscard]] auto next() { return (*what_).next(); }
    [[nodiscard]] auto close() { return what_.close(); }

private:
    kept_iterable<I> what_;
    bool opened_ = false;
};
template <typename I>
for_loop(I&&) -> for_loop<I>;

} // namespace eddy::inline v0

/// `EDDY_FOR(auto item, iterable) { … }`: a loop over an async_iterable, in a coroutine.
///
/// The last argument is the iterable; what comes before it declares the item, also as `auto [a,
/// b]`. `break` and `continue` do what they do in a loop. An iterable that is a temporary belongs
/// to the loop and is closed, if it has an aclose(), when the loop ends or is left by `break`; one
/// with a name stays as it is: another loop may go on with it.
///
/// An exception and a `co_return` out of the body destroy a temporary without closing it, since
/// nothing can be awaited on the way out. If its cleanup awaits:
///
///     co_await eddy::with(make(), [&](auto& items) -> eddy::coro<> { EDDY_FOR(auto i, items) … });
///
/// Cancel:  reaches what next() waits for.
/// Example: docs/examples/g14_async_iterators.cpp
#define EDDY_FOR(...)                                                                              \
    EDDY_FOR_PICK(__VA_ARGS__, EDDY_FOR_6, EDDY_FOR_5, EDDY_FOR_4, EDDY_FOR_3, EDDY_FOR_2)         \
    (__VA_ARGS__)
#define EDDY_FOR_PICK(a, b, c, d, e, f, picked, ...) picked
#define EDDY_FOR_2(a, i) EDDY_FOR_AT(__LINE__, i, a)
#define EDDY_FOR_3(a, b, i) EDDY_FOR_AT(__LINE__, i, a, b)
#define EDDY_FOR_4(a, b, c, i) EDDY_FOR_AT(__LINE__, i, a, b, c)
#define EDDY_FOR_5(a, b, c, d, i) EDDY_FOR_AT(__LINE__, i, a, b, c, d)
#define EDDY_FOR_6(a, b, c, d, e, i) EDDY_FOR_AT(__LINE__, i, a, b, c, d, e)
#define EDDY_FOR_AT(line, ...) EDDY_FOR_OF(line, __VA_ARGS__)
#define EDDY_FOR_OF(line, ...) EDDY_FOR_NAMED(eddy_loop_##line, eddy_item_##line, __VA_ARGS__)
#define EDDY_FOR_NAMED(loop, item, iterable, ...)                                                  \
    for (auto loop = ::eddy::for_loop(iterable); loop.open(); co_await loop.close())               \
        for (; auto item = co_await loop.next();)                                                  \
            if (__VA_ARGS__ = ::eddy::give_item(item); false) {                                    \
            } else
