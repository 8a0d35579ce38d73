// gather.hpp — run several awaitables at the same time and wait for all.
//
// Of coroutines it is structured fork-join: nothing is allocated besides their frames, nothing
// atomic happens unless an idle worker takes a child, and it returns when all have ended. Of tasks
// and futures it is asyncio's: the first exception is thrown at once and the others go on.
//
// Cancel:     passes to every child; the gather waits for them, then throws cancelled_error.

#pragma once

#include <eddy/core/coro.hpp>
#include <eddy/core/future.hpp>
#include <eddy/core/multi_wait.hpp>
#include <eddy/core/task.hpp>

#include <array>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace eddy::inline v0 {

/// What stands for a result in a tuple: std::monostate for void.
template <typename T>
using gathered_t = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// The group of a gather, with what its children have in common.
class EDDY_API gather_base : public fork_group {
protected:
    gather_base() noexcept = default;
    gather_base(gather_base&&) noexcept = default;
    ~gather_base() = default;

    /// Throws the first failure, or cancelled_error if the gather was cancelled.
    void check_all() const {
        if (failed() != no_failure || cancel_requested()) [[unlikely]] {
            throw_failure();
        }
    }
    [[noreturn]] void throw_failure() const;
    virtual std::exception_ptr failure_of(std::uint32_t index) const noexcept = 0;

    template <typename T>
    static coro_promise<T>& promise_of(const branch& child) noexcept {
        return static_cast<coro_promise<T>&>(*child.leaf());
    }
    /// Makes child `index` of `siblings` at `place`, with the coroutine of `body`.
    void make_child(branch* place, promise_base* body, std::uint32_t index,
                    std::uint32_t siblings) noexcept {
        std::construct_at(place, body, index, siblings, *this);
        body->start_as_root(*place);
    }
    static void destroy(std::span<branch> children) noexcept {
        for (branch& child : children) {
            if (child.leaf() != nullptr) {
                child.leaf()->handle().destroy();
            }
        }
    }
};

template <typename... Ts>
class gather_op final : public gather_base {
    static constexpr bool all_void = (std::is_void_v<Ts> && ...);

public:
    explicit gather_op(coro<Ts>&&... bodies)
        : gather_op(std::index_sequence_for<Ts...>(), bodies.release()...) {}
    gather_op(gather_op&& fresh) noexcept
        : gather_op(std::index_sequence_for<Ts...>(), std::move(fresh)) {}
    ~gather_op() { destroy(children_); }

    static bool await_ready() noexcept { return false; }
    [[gnu::always_inline]] std::coroutine_handle<> await_suspend(promise_base& awaiting) {
        return start(awaiting, children_.data(), sizeof...(Ts));
    }
    [[gnu::always_inline]] auto await_resume() {
        check_all();
        if constexpr (!all_void) {
            return results(std::index_sequence_for<Ts...>());
        }
    }

private:
    template <std::size_t... I>
    [[gnu::always_inline]] gather_op(std::index_sequence<I...> /*indices*/,
                                     coro_promise<Ts>*... bodies)
        : children_{branch(bodies, static_cast<std::uint32_t>(I), sizeof...(Ts), *this)...} {
        const bool any_empty = ((bodies == nullptr) || ...);
        if (any_empty) [[unlikely]] {
            destroy(children_);
            throw_empty_coro();
        }
        (bodies->start_as_root(children_[I]), ...);
    }
    template <std::size_t... I>
    gather_op(std::index_sequence<I...> indices, gather_op&& fresh)
        : gather_op(indices, fresh.release<Ts>(fresh.children_[I])...) {}
    template <typename T>
    static coro_promise<T>* release(branch& child) noexcept {
        coro_promise<T>& body = promise_of<T>(child);
        child.set_leaf(nullptr);
        return &body;
    }

    template <std::size_t... I>
    [[gnu::always_inline]] std::tuple<gathered_t<Ts>...> results(std::index_sequence<I...>) {
        return {take<Ts>(children_[I])...};
    }
    template <typename T>
    [[gnu::always_inline]] static gathered_t<T> take(const branch& child) {
        if constexpr (std::is_void_v<T>) {
            return {};
        } else {
            return promise_of<T>(child).take();
        }
    }
    std::exception_ptr failure_of(std::uint32_t index) const noexcept override {
        std::uint32_t i = 0;
        std::exception_ptr found;
        ((index == i++ ? void(found = promise_of<Ts>(children_[index]).error()) : void()), ...);
        return found;
    }

    std::array<branch, sizeof...(Ts)> children_;
};

template <typename T>
class gather_range_op final : public gather_base {
public:
    explicit gather_range_op(std::vector<coro<T>> bodies)
        : count_(checked_size(bodies)),
          children_(static_cast<branch*>(frame_cache::allocate(count_ * sizeof(branch)))) {
        for (std::uint32_t i = 0; i != count_; ++i) {
            make_child(children_ + i, bodies[i].release(), i, count_);
        }
    }
    gather_range_op(gather_range_op&& fresh) noexcept
        : gather_base(static_cast<gather_base&&>(fresh)), count_(std::exchange(fresh.count_, 0)),
          children_(std::exchange(fresh.children_, nullptr)) {
        for (branch& child : children()) {
            make_child(&child, child.leaf(), child.index(), count_);
        }
    }
    ~gather_range_op() {
        destroy(children());
        if (children_ != nullptr) {
            frame_cache::deallocate(children_, count_ * sizeof(branch));
        }
    }

    [[nodiscard]] bool await_ready() const noexcept { return count_ == 0; }
    std::coroutine_handle<> await_suspend(promise_base& awaiting) {
        return start(awaiting, children_, count_);
    }
    auto await_resume() {
        check_all();
        if constexpr (!std::is_void_v<T>) {
            std::vector<T> out;
            out.reserve(count_);
            for (const branch& child : children()) {
                out.push_back(promise_of<T>(child).take());
            }
            return out;
        }
    }

private:
    static std::uint32_t checked_size(const std::vector<coro<T>>& bodies) {
        for (const coro<T>& body : bodies) {
            if (!body.valid()) {
                throw_empty_coro();
            }
        }
        return static_cast<std::uint32_t>(bodies.size());
    }
    [[nodiscard]] std::span<branch> children() const noexcept { return {children_, count_}; }
    std::exception_ptr failure_of(std::uint32_t index) const noexcept override {
        return promise_of<T>(children_[index]).error();
    }

    std::uint32_t count_;
    branch* children_;
};

/// An awaitable that is no coro as a coro, so that it can be a child of a gather.
template <typename A>
coro<await_result_t<A>> as_coro(A awaited) {
    co_return co_await std::forward<A>(awaited);
}
template <typename A>
auto to_coro(A&& awaited) {
    if constexpr (is_coro<std::remove_cvref_t<A>>) {
        static_assert(!std::is_lvalue_reference_v<A>,
                      "a coro is used up by gather: gather(std::move(c), …)");
        return std::forward<A>(awaited);
    } else {
        return as_coro<A>(std::forward<A>(awaited));
    }
}

template <typename A>
inline constexpr bool is_handle = false;
template <typename T>
inline constexpr bool is_handle<task<T>> = true;
template <typename T>
inline constexpr bool is_handle<future<T>> = true;

/// Runs coroutines at the same time, on any workers, and gives their results as a tuple in the
/// order of the arguments (std::monostate for void; nothing at all if all are void).
///
/// Suspends: until all have ended: they may refer to the caller's locals.
/// Throws:   the exception that came first, once all have ended.
/// Cancel:   all children are cancelled and awaited; then cancelled_error.
/// Order:    the first child runs at once, inline; the next ones when a worker is free, at the
///           latest in turn.
/// Cost:     about 2 ns a child over a plain await.
template <typename... Ts>
    requires(sizeof...(Ts) > 0)
[[nodiscard]] gather_op<Ts...> gather(coro<Ts>... bodies) {
    return gather_op<Ts...>(std::move(bodies)...);
}

/// The same where some of the awaitables are no coroutines.
template <typename... As>
    requires(sizeof...(As) > 0 && !(is_coro<std::remove_cvref_t<As>> && ...) &&
             (awaitable<As> && ...) && !(is_handle<std::remove_cvref_t<As>> && ...))
[[nodiscard]] auto gather(As&&... awaited) {
    return gather_op<await_result_t<As>...>(to_coro(std::forward<As>(awaited))...);
}

/// The same for a range: gives a vector of the results, nothing for coro<void>.
template <typename T>
[[nodiscard]] auto gather(std::vector<coro<T>> bodies) {
    return gather_range_op<T>(std::move(bodies));
}

/// The gather of handles: keeps them while it waits.
template <typename... Handles>
class gather_handles_op final : private std::tuple<Handles...>, public multi_wait {
    using handles = std::tuple<Handles...>;
    static constexpr bool all_void = (std::is_void_v<typename Handles::value_type> && ...);

public:
    explicit gather_handles_op(Handles... of)
        : handles(std::move(of)...),
          multi_wait(std::apply([](auto&... each) { return states{each.state()...}; }, as_tuple()),
                     until::first_failure, on_abort::cancel_producers) {}

    auto await_resume() {
        finish();
        std::apply([this](auto&... each) { (this->check_if_cause(each), ...); }, as_tuple());
        if constexpr (!all_void) {
            return std::apply(
                [](auto&... each) {
                    return std::tuple<gathered_t<typename Handles::value_type>...>{
                        value_of(each)...};
                },
                as_tuple());
        }
    }

private:
    handles& as_tuple() noexcept { return *this; }
    template <typename Handle>
    static gathered_t<typename Handle::value_type> value_of(Handle& handle) {
        if constexpr (std::is_void_v<typename Handle::value_type>) {
            return {};
        } else {
            return handle.result();
        }
    }
};

template <typename Handle>
class gather_handle_range_op final : private std::vector<Handle>, public multi_wait {
    using value = typename Handle::value_type;

public:
    explicit gather_handle_range_op(std::vector<Handle> of)
        : std::vector<Handle>(std::move(of)),
          multi_wait(states_of(static_cast<const std::vector<Handle>&>(*this)),
                     until::first_failure, on_abort::cancel_producers) {}

    auto await_resume() {
        finish();
        for (const Handle& each : *this) {
            check_if_cause(each);
        }
        if constexpr (!std::is_void_v<value>) {
            std::vector<value> out;
            out.reserve(this->size());
            for (const Handle& each : *this) {
                out.push_back(each.result());
            }
            return out;
        }
    }
};

/// Waits for tasks (or futures) and gives copies of their results.
///
/// Throws:   the exception that comes first, at once; the other tasks go on.
/// Cancel:   all tasks are cancelled.
template <typename... Handles>
    requires(sizeof...(Handles) > 0 && (is_handle<std::remove_cvref_t<Handles>> && ...))
[[nodiscard]] auto gather(Handles&&... handles) {
    return gather_handles_op<std::remove_cvref_t<Handles>...>(std::forward<Handles>(handles)...);
}
template <typename Handle>
    requires is_handle<Handle>
[[nodiscard]] auto gather(std::vector<Handle> handles) {
    return gather_handle_range_op<Handle>(std::move(handles));
}

} // namespace eddy::inline v0
