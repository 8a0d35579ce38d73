// generator.hpp — a synchronous generator: a function that gives its values one after the other,
// for range-for.
//
// It is no task: it runs on the stack of whoever asks for the next value, in no queue and under no
// scheduler. What has to wait between two values is an async_generator.
//
// Threads:    one user at a time.
// Memory:     the frame, from frame_cache; a copy of an item only where an lvalue is yielded.
// Cancel:     does not concern it: nothing in it suspends a task.
// Invariants: I1  root_->innermost_ is the generator that gives the next value: the root, or what
//                 it delegates to with elements_of.
// Design:     docs/design/generator.md

#pragma once

#include <eddy/core/frame_cache.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

template <typename T>
class generator_promise;

/// The values of a coroutine that `co_yield`s them, computed when they are asked for.
///
/// T is what is given: a value (the loop gets a T&& and may move it away), or a reference. It is an
/// input range and a view: it works with std::views. A loop that is left early may be followed by
/// another one, which goes on with the next value.
///
/// Throws:  what the coroutine throws comes out of begin() and ++; then the generator has ended.
/// Cost:    one resume a value; `co_yield elements_of(g)` costs the same at any depth.
/// Example: docs/examples/g13_generator.cpp
template <typename T>
class [[nodiscard("a generator computes nothing until it is iterated")]] generator
    : public std::ranges::view_base {
    static_assert(!std::is_rvalue_reference_v<T> && !std::is_void_v<T>);

public:
    using value_type = std::remove_cvref_t<T>;
    using reference = std::conditional_t<std::is_reference_v<T>, T, T&&>;
    using promise_type = generator_promise<T>;
    class iterator;

    generator(const generator&) = delete;
    generator& operator=(const generator&) = delete;
    generator(generator&& other) noexcept : promise_(std::exchange(other.promise_, nullptr)) {}
    generator& operator=(generator&& other) noexcept {
        generator(std::move(other)).swap(*this);
        return *this;
    }
    /// Destroys the locals of a coroutine that has not ended.
    ~generator() {
        if (promise_ != nullptr) {
            promise_type::destroy(*promise_);
        }
    }

    /// Runs the coroutine to its first value; if it was begun before, to the next one.
    [[nodiscard]] iterator begin() {
        if (promise_ != nullptr) {
            promise_->advance();
        }
        return iterator(promise_);
    }
    [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

    /// False after a move.
    [[nodiscard]] bool valid() const noexcept { return promise_ != nullptr; }
    void swap(generator& other) noexcept { std::swap(promise_, other.promise_); }
    /// Gives the frame away; whoever takes it destroys it.
    [[nodiscard]] promise_type* release() noexcept { return std::exchange(promise_, nullptr); }

private:
    friend promise_type;
    explicit generator(promise_type& promise) noexcept : promise_(&promise) {}

    promise_type* promise_;
};

template <typename T>
class generator<T>::iterator {
public:
    using value_type = generator::value_type;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator(const iterator&) = delete;
    iterator& operator=(const iterator&) = delete;
    iterator(iterator&&) noexcept = default;
    iterator& operator=(iterator&&) noexcept = default;
    ~iterator() = default;

    reference operator*() const noexcept { return static_cast<reference>(*promise_->item()); }
    iterator& operator++() {
        promise_->advance();
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& at, std::default_sentinel_t /*end*/) noexcept {
        return at.promise_ == nullptr || at.promise_->ended();
    }

private:
    friend generator;
    explicit iterator(promise_type* promise) noexcept : promise_(promise) {}

    promise_type* promise_;
};

/// `co_yield elements_of(g)` in a generator gives everything that `g` has left, as if it were
/// yielded here, without passing each value through the frames in between.
template <typename T>
class elements_of {
public:
    explicit elements_of(generator<T> nested) noexcept : nested_(std::move(nested)) {}
    [[nodiscard]] generator<T> take() && noexcept { return std::move(nested_); }

private:
    generator<T> nested_;
};

template <typename T>
class generator_promise {
    using reference = typename generator<T>::reference;
    using pointer = std::add_pointer_t<reference>;
    using frame = std::coroutine_handle<generator_promise>;
    static constexpr bool gives_value = !std::is_reference_v<T>;

public:
    generator_promise() noexcept = default;
    generator_promise(const generator_promise&) = delete;
    generator_promise& operator=(const generator_promise&) = delete;

    generator<T> get_return_object() noexcept { return generator<T>(*this); }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    void unhandled_exception() noexcept { error_ = std::current_exception(); }

    // The value stays where it is, in the generator's frame, until the next one is asked for.
    std::suspend_always yield_value(reference value) noexcept {
        root_->item_ = std::addressof(value);
        return {};
    }
    // Whoever gets a T&& may move it away, so an lvalue is copied first.
    auto yield_value(const std::remove_reference_t<T>& value)
        requires gives_value && std::copy_constructible<std::remove_const_t<T>>
    {
        return copy_op(*root_, value);
    }
    auto yield_value(elements_of<T> all) noexcept { return delegate_op(std::move(all).take()); }

    template <typename A>
    static std::suspend_always await_transform(A&& /*awaited*/) {
        static_assert(std::same_as<A, void>,
                      "a generator cannot co_await: make it an async_generator");
        return {};
    }

    /// Gives the end to the generator that delegated to this one, or to whoever iterates.
    auto final_suspend() noexcept { return end_op(); }

    static void* operator new(std::size_t bytes) { return frame_cache::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        frame_cache::deallocate(memory, bytes);
    }
    // Frames with over-aligned locals (-fcoro-aligned-allocation).
    static void* operator new(std::size_t bytes, std::align_val_t align) {
        return frame_cache::allocate(bytes, align);
    }
    static void operator delete(void* memory, std::size_t bytes, std::align_val_t align) noexcept {
        frame_cache::deallocate(memory, bytes, align);
    }

    // -- generator and its iterator --

    void advance() {
        if (!ended()) {
            frame::from_promise(*innermost_)
                .resume(); // tidy-allow(resume): no task; it runs on the caller's stack
            rethrow();
        }
    }
    [[nodiscard]] bool ended() noexcept { return frame::from_promise(*this).done(); }
    [[nodiscard]] pointer item() const noexcept { return item_; }

    /// Destroys a generator and what it delegates to, the innermost one first: depth takes no
    /// stack.
    static void destroy(generator_promise& root) noexcept {
        for (generator_promise* at = root.innermost_; at != &root;) {
            generator_promise* const outer = at->outer_;
            (void)at->owner_->release();
            frame::from_promise(*at).destroy();
            at = outer;
        }
        frame::from_promise(root).destroy();
    }

private:
    class copy_op {
    public:
        copy_op(generator_promise& root, const T& value) : copy_(value) {
            root.item_ = std::addressof(copy_);
        }
        copy_op(const copy_op&) = delete;
        copy_op& operator=(const copy_op&) = delete;
        static bool await_ready() noexcept { return false; }
        static void await_suspend(frame /*self*/) noexcept {}
        static void await_resume() noexcept {}

    private:
        std::remove_const_t<T> copy_;
    };

    class delegate_op {
    public:
        explicit delegate_op(generator<T> nested) noexcept : nested_(nested.release()) {}
        delegate_op(const delegate_op&) = delete;
        delegate_op& operator=(const delegate_op&) = delete;
        ~delegate_op() {
            if (nested_ != nullptr) {
                destroy(*nested_);
            }
        }

        [[nodiscard]] bool await_ready() const noexcept {
            return nested_ == nullptr || nested_->ended();
        }
        frame await_suspend(frame self) noexcept {
            generator_promise& outer = self.promise();
            nested_->outer_ = &outer;
            nested_->owner_ = this;
            return outer.root_->descend(*nested_);
        }
        void await_resume() const {
            if (nested_ != nullptr) {
                nested_->rethrow();
            }
        }

        generator_promise* release() noexcept { return std::exchange(nested_, nullptr); }

    private:
        generator_promise* nested_;
    };

    struct end_op {
        static bool await_ready() noexcept { return false; }
        static std::coroutine_handle<> await_suspend(frame self) noexcept {
            generator_promise& mine = self.promise();
            if (mine.outer_ == nullptr) {
                return std::noop_coroutine();
            }
            mine.root_->innermost_ = mine.outer_;
            return frame::from_promise(*mine.outer_);
        }
        static void await_resume() noexcept {}
    };

    // `nested`, which may delegate already itself, gives this root's values from now on.
    frame descend(generator_promise& nested) noexcept {
        innermost_ = std::exchange(nested.innermost_, &nested);
        for (generator_promise* at = innermost_; at != nested.outer_; at = at->outer_) {
            at->root_ = this;
        }
        return frame::from_promise(*innermost_);
    }
    void rethrow() {
        if (error_ != nullptr) [[unlikely]] {
            std::rethrow_exception(std::exchange(error_, nullptr));
        }
    }

    generator_promise* root_ = this;
    generator_promise* innermost_ = this; // of a root
    generator_promise* outer_ = nullptr;  // what delegates to this one
    delegate_op* owner_ = nullptr;
    pointer item_ = nullptr; // of a root
    std::exception_ptr error_;
};

} // namespace eddy::inline v0
