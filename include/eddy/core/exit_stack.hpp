// exit_stack.hpp — cleanup that awaits, in the reverse order of what it cleans up: any number of
// resources and coroutines, known at run time. asyncio's AsyncExitStack.
//
//     co_await eddy::with_defers([&](eddy::defer_scope& scope) -> eddy::coro<> {
//         scope.defer(say_goodbye());                       // runs last, however the body ends
//         scope.defer([&] { return remove(file); });
//         co_await work();
//     });
//
// Threads:    the task that has it.
// Memory:     one allocation an entry.
// Invariants: I1  every entry runs once, the last one first, whatever the others throw.
// Design:     docs/design/with.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/coroutine_function.hpp>
#include <eddy/core/with.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// Cleanup that runs when the stack is left. `co_await with(exit_stack(), body)` leaves it; so does
/// aclose(). What is still in it when it is destroyed never runs, which is reported.
///
/// Example: docs/examples/exit_stack.cpp
class EDDY_API exit_stack {
public:
    exit_stack() noexcept;
    exit_stack(exit_stack&&) noexcept;
    exit_stack& operator=(exit_stack&&) noexcept;
    ~exit_stack();

    /// `co_await scope.enter(r)` enters a resource, which the stack leaves later, and gives what
    /// its async_enter gives, or the resource. One without a name is moved into the stack.
    ///
    /// Throws: what async_enter throws; then it is not left.
    /// Cancel: reaches what async_enter waits for.
    /// Example: (void)co_await scope.enter(table(name));
    template <typename R>
    [[nodiscard]] auto enter(R&& resource,
                             std::source_location site = std::source_location::current()) {
        return add<resource_entry<R>>(std::forward<R>(resource), site).enter();
    }

    /// Runs `fn(std::exception_ptr)` at the end: with the exception that is on its way, or null. It
    /// is a function, or a coroutine; one that gives `suppress` can drop the exception.
    ///
    /// Example: scope.push([&](std::exception_ptr error) { return error ? undo() : commit(); });
    template <typename Fn>
        requires std::invocable<Fn&, std::exception_ptr>
    void push(Fn fn, std::source_location site = std::source_location::current()) {
        add<push_entry<Fn>>(std::move(fn), site).open();
    }

    /// Awaits `cleanup` at the end.
    void defer(coro<> cleanup, std::source_location site = std::source_location::current());
    /// Runs `fn()` at the end, a function or a coroutine.
    template <typename Fn>
        requires std::invocable<Fn&>
    void defer(Fn fn, std::source_location site = std::source_location::current()) {
        add<defer_entry<Fn>>(std::move(fn), site).open();
    }

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    /// Runs all entries.
    ///
    /// Throws: what the last one that threw threw; the exceptions that this one replaces are
    ///         reported.
    /// Cancel: reaches what the entry waits for that is running; the others run all the same.
    [[nodiscard]] coro<> aclose();

    // -- with() --

    [[nodiscard]] static skip_op async_enter() noexcept { return {}; }
    [[nodiscard]] coro<suppress> async_exit(std::exception_ptr error);

private:
    class EDDY_API entry {
    public:
        virtual ~entry();
        virtual coro<suppress> run(std::exception_ptr error) = 0;
        [[nodiscard]] bool is_open() const noexcept { return open_; }
        void open() noexcept { open_ = true; }
        void close() noexcept { open_ = false; }

    protected:
        explicit entry(std::source_location site) noexcept : site_(site) {}

    private:
        std::source_location site_;
        bool open_ = false; // has to run
    };
    class coro_entry;
    template <typename Fn>
    class push_entry;
    template <typename Fn>
    class defer_entry;
    template <typename R>
    class resource_entry;

    template <typename Fn, typename... Args>
    static coro<suppress> call(Fn& fn, Args... args);

    template <typename Entry, typename... Args>
    Entry& add(Args&&... args) {
        auto made = std::make_unique<Entry>(std::forward<Args>(args)...);
        Entry& added = *made;
        entries_.push_back(std::move(made));
        return added;
    }

    std::vector<std::unique_ptr<entry>> entries_;
};

template <typename Fn, typename... Args>
coro<suppress> exit_stack::call(Fn& fn, Args... args) {
    using result = std::invoke_result_t<Fn&, Args...>;
    if constexpr (std::same_as<result, suppress>) {
        co_return eddy::call(fn, std::move(args)...);
    } else if constexpr (std::is_void_v<result>) {
        eddy::call(fn, std::move(args)...);
        co_return suppress::no;
    } else {
        static_assert(awaitable<result>, "a cleanup gives nothing, suppress, or a coro of these");
        using awaited = await_result_t<result>;
        static_assert(std::is_void_v<awaited> || std::same_as<awaited, suppress>,
                      "a cleanup gives nothing, suppress, or a coro of these");
        if constexpr (std::is_void_v<awaited>) {
            co_await eddy::call(fn, std::move(args)...);
            co_return suppress::no;
        } else {
            co_return co_await eddy::call(fn, std::move(args)...);
        }
    }
}

template <typename Fn>
class exit_stack::push_entry final : public entry {
public:
    push_entry(Fn fn, std::source_location site) : entry(site), fn_(std::move(fn)) {}
    coro<suppress> run(std::exception_ptr error) override { return call(fn_, std::move(error)); }

private:
    Fn fn_;
};

template <typename Fn>
class exit_stack::defer_entry final : public entry {
public:
    defer_entry(Fn fn, std::source_location site) : entry(site), fn_(std::move(fn)) {}
    coro<suppress> run(std::exception_ptr /*error*/) override { return call(fn_); }

private:
    Fn fn_;
};

// R is a reference if the resource lives elsewhere.
template <typename R>
class exit_stack::resource_entry final : public entry {
    using kind = std::remove_reference_t<R>;
    using entered = entered_t<kind>;
    static constexpr bool keeps = !std::is_void_v<entered> && !std::is_reference_v<entered>;

public:
    resource_entry(R&& resource, std::source_location site)
        : entry(site), resource_(std::forward<R>(resource)) {}

    coro<body_argument_t<kind>> enter() {
        if constexpr (keeps) {
            kept_.emplace(co_await enter_op<kind>(resource_));
            open();
            co_return *kept_;
        } else {
            body_argument_t<kind> got = co_await enter_op<kind>(resource_);
            open();
            co_return got;
        }
    }
    coro<suppress> run(std::exception_ptr error) override {
        if constexpr (may_suppress<kind>) {
            co_return co_await exit_resource(resource_, error);
        } else {
            co_await exit_resource(resource_, error);
            co_return suppress::no;
        }
    }

private:
    R resource_;
    std::conditional_t<keeps, std::optional<entered>, std::false_type> kept_;
};

/// An exit_stack that only defers, and so drops no exception.
class EDDY_API defer_scope : private exit_stack {
public:
    using exit_stack::aclose;
    using exit_stack::async_enter;
    using exit_stack::defer;
    using exit_stack::empty;

    [[nodiscard]] coro<> async_exit(std::exception_ptr error);
};

/// Runs `body(scope)`, a coroutine (or an async_generator), then awaits what it has given to
/// `scope.defer`, the last one first, and gives its result.
///
/// Throws: as with().
/// Cancel: as with(): what was deferred runs, and its awaits work.
/// Example: docs/examples/t08_cleanup_that_awaits.cpp
template <typename Body>
    requires std::invocable<Body&, defer_scope&>
[[nodiscard]] auto with_defers(Body body,
                               std::source_location site = std::source_location::current()) {
    return with(defer_scope(), std::move(body), site);
}

} // namespace eddy::inline v0
