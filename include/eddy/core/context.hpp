// context.hpp — values and deadlines that follow the work: through awaits, gathers, tasks and
// callbacks.
//
// What is in force is a chain of scopes, the innermost first. Scopes live in the frames of who set
// them and end in the reverse order, so a branch only has to keep the head of its chain while it is
// suspended. The chain of a task begins with a *record*: a copy of what was in force where the task
// was created.
//
// Threads:    scopes: the branch that made them; read by its children, which run while it waits.
//             context, records: any thread.
// Memory:     a scope allocates nothing but the value of a variable; a record is one allocation,
//             shared by copies.
// Invariants: I1  a scope is in the chain of its branch until it ends, and in those of the branches
//                 forked meanwhile; all of these end before it does.
//             I2  records are not changed.
// Pairs:      P1  references_: drop -> the last drop      the destroyer sees every use before
// Design:     docs/design/context.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/core/frame_cache.hpp>
#include <eddy/core/scheduler.hpp>

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

class context_record;

/// What identifies a context_var: its address.
class EDDY_API context_key {
public:
    explicit context_key(const char* name) noexcept : name_(name) {}
    context_key(const context_key&) = delete;
    context_key& operator=(const context_key&) = delete;

    [[nodiscard]] const char* name() const noexcept { return name_; }

protected:
    ~context_key() = default;
    [[noreturn]] void throw_unset() const;

private:
    const char* name_;
};

/// A value that was set: shared by the scope that set it and the records made since.
class EDDY_API context_value {
public:
    context_value(const context_value&) = delete;
    context_value& operator=(const context_value&) = delete;

    void keep() noexcept { references_.fetch_add(1, relaxed); } // count: the caller holds one
    void drop() noexcept {
        if (references_.fetch_sub(1, acq_rel) == 1) { // P1, both ends
            delete this;
        }
    }
    static void* operator new(std::size_t bytes) { return frame_cache::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        frame_cache::deallocate(memory, bytes);
    }

protected:
    context_value() noexcept = default;
    virtual ~context_value();

private:
    atomic<std::uint32_t> references_{1};
};

template <typename T>
class context_value_of final : public context_value {
public:
    explicit context_value_of(T&& value) : value(std::move(value)) {}
    const T value;
};

/// One link of the chain.
class EDDY_API context_scope {
public:
    context_scope(const context_scope&) = delete;
    context_scope& operator=(const context_scope&) = delete;

    /// The innermost scope in force where this is called; nullptr if there is none.
    [[nodiscard]] static context_scope* current() noexcept {
        const scheduler* const mine = scheduler::current();
        return mine != nullptr ? mine->scope() : of_thread_;
    }
    static void set_current(context_scope* innermost) noexcept {
        if (scheduler* const mine = scheduler::current()) [[likely]] {
            mine->set_scope(innermost);
        } else {
            of_thread_ = innermost;
        }
    }

    /// The value of `key` in the chain that begins with `at`; nullptr if it is not set.
    [[nodiscard]] static const context_value* find(const context_scope* at,
                                                   const context_key& key) noexcept;
    /// The earliest deadline in the chain that begins with `at`.
    [[nodiscard]] static clock::time_point deadline_of(const context_scope* at) noexcept;
    /// The record at the end of the chain that begins with `at`; nullptr if it has none.
    [[nodiscard]] static context_record* record_of(context_scope* at) noexcept;

protected:
    enum class kind : std::uint8_t {
        variable,
        deadline,
        no_deadline, // the deadlines outside of it are not in force
        record       // the last one
    };

    explicit context_scope(kind what) noexcept : kind_(what) {}
    ~context_scope() = default;
    /// The scope is in force from here on.
    void enter() noexcept {
        outer_ = current();
        set_current(this);
    }
    /// And no more; usually it is the innermost one.
    void leave() noexcept {
        if (current() == this) [[likely]] {
            set_current(outer_);
        } else {
            leave_from_within();
        }
    }

private:
    friend context_record;

    [[gnu::cold]] void leave_from_within() noexcept;

    context_scope* outer_ = nullptr;
    kind kind_;

    // Of a thread that runs no loop.
    static constinit thread_local context_scope* of_thread_
        __attribute__((tls_model("initial-exec")));
};

/// A variable has a value while this lives. Made by context_var::set.
///
/// It must die where it was made: in the same coroutine, in the reverse order of others; not live
/// across a co_yield.
class [[nodiscard("the value is in force while the token lives")]] EDDY_API context_token final
    : private context_scope {
public:
    /// For context_var::set; takes over a reference to `value`.
    context_token(const context_key& key, context_value* value) noexcept
        : context_scope(kind::variable), key_(&key), value_(value) {
        enter();
    }
    ~context_token() { reset(); }

    /// Ends it before its time: the variable has the value that it had before.
    void reset() noexcept;

private:
    friend context_scope;
    friend context_record;

    const context_key* key_;
    context_value* value_; // null: reset
};

/// A deadline is in force while this lives. Nothing watches it: that is timeout_scope's business.
class deadline_scope final : private context_scope {
public:
    deadline_scope() noexcept : context_scope(kind::deadline) { enter(); }
    ~deadline_scope() { leave(); }

    [[nodiscard]] clock::time_point when() const noexcept {
        return clock::time_point(clock::duration(when_.load(relaxed))); // hint: children may look
    }
    void set_when(clock::time_point when) noexcept {
        when_.store(when.time_since_epoch().count(), relaxed); // hint: see when()
    }

private:
    friend context_scope;
    atomic<clock::rep> when_{clock::duration::max().count()};
};

/// No deadline from outside is in force while this lives: nothing can enforce it here.
class no_deadline_scope final : private context_scope {
public:
    no_deadline_scope() noexcept : context_scope(kind::no_deadline) { enter(); }
    ~no_deadline_scope() { leave(); }
};

/// A copy of what is in force somewhere: values of variables, and the earliest deadline. Copies
/// share it. asyncio's contextvars.Context.
class EDDY_API context {
public:
    /// The empty one.
    context() noexcept = default;
    /// Takes over a reference.
    explicit context(context_record* record) noexcept : record_(record) {}
    context(const context& other) noexcept;
    context(context&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
    context& operator=(context other) noexcept {
        std::swap(record_, other.record_);
        return *this;
    }
    ~context() { reset(); }
    /// Makes it the empty one.
    void reset() noexcept {
        if (record_ != nullptr) [[unlikely]] {
            drop();
        }
    }

    /// Whether nothing is in force in it.
    [[nodiscard]] bool empty() const noexcept { return record_ == nullptr; }

    /// Calls `fn(args...)` in this context and nothing else, on any thread, also one that runs no
    /// loop. For coroutines: create_task(f(), {.context = &this}).
    template <typename Fn, typename... Args>
    decltype(auto) run(Fn&& fn, Args&&... args) const;

    /// The record, with a reference for the caller; nullptr if empty.
    [[nodiscard]] context_scope* release() noexcept;

private:
    class entered;

    [[gnu::cold]] void drop() noexcept;

    context_record* record_ = nullptr;
};

/// The context as the only one in force, while this lives.
class EDDY_API context::entered {
public:
    explicit entered(const context& in) noexcept;
    ~entered() { context_scope::set_current(before_); }
    entered(const entered&) = delete;
    entered& operator=(const entered&) = delete;

private:
    const context in_; // stays, whatever becomes of the one it was made of
    context_scope* before_;
};

template <typename Fn, typename... Args>
decltype(auto) context::run(Fn&& fn, Args&&... args) const {
    if (empty() && context_scope::current() == nullptr) {
        return std::apply(std::forward<Fn>(fn), std::forward_as_tuple(std::forward<Args>(args)...));
    }
    const entered here(*this);
    return std::apply(std::forward<Fn>(fn), std::forward_as_tuple(std::forward<Args>(args)...));
}

/// The copy of a chain. Throws: std::bad_alloc.
[[nodiscard]] EDDY_API context copy_of_chain(context_scope* innermost);

/// A copy of what is in force here; asyncio's copy_context(). Throws: std::bad_alloc.
///
/// Threads: any.
[[nodiscard]] inline context copy_context() {
    context_scope* const here = context_scope::current();
    return here == nullptr ? context() : copy_of_chain(here);
}

/// The earliest deadline in force here: of the timeouts that this coroutine is in, and of those
/// that its task was created in. time_point::max() if there is none.
///
/// Inherited deadlines are known to a task and not enforced: with_deadline does that. In a masked
/// region only those set inside are in force.
/// Threads: any.
[[nodiscard]] inline clock::time_point current_deadline() noexcept {
    const context_scope* const here = context_scope::current();
    return here == nullptr ? clock::time_point::max() : context_scope::deadline_of(here);
}

/// A value that follows the work, as a thread_local follows a thread: every coroutine awaited,
/// child of a gather, task, callback and timer that comes out of a piece of work sees what was set
/// there. asyncio's ContextVar.
///
///     eddy::context_var<int> request_id("request_id", 0);    // at namespace scope
///     const auto bound = request_id.set(7);                  // until the end of the block
///
/// Children of a gather and tasks start with what their creator sees. What they set is seen by
/// themselves and what comes out of them, and by nobody else.
/// Threads: any.
template <typename T>
class context_var final : private context_key {
public:
    /// `name` is for people and must outlive the variable, as the variable must outlive its use.
    explicit context_var(const char* name) noexcept : context_key(name) {}
    context_var(const char* name, T value)
        : context_key(name), default_(new context_value_of<T>(std::move(value))) {}
    ~context_var() {
        if (default_ != nullptr) {
            default_->drop();
        }
    }
    context_var(const context_var&) = delete;
    context_var& operator=(const context_var&) = delete;

    using context_key::name;

    /// The value in force, or the default. It stays where it is until the token that set it dies:
    /// at least while the calling coroutine or function runs.
    /// Throws: lookup_error if there is neither.
    [[nodiscard]] const T& get() const {
        if (const T* const found = find()) {
            return *found;
        }
        throw_unset();
    }
    /// The same with another default.
    [[nodiscard]] T get(T fallback) const {
        const T* const found = find();
        return found != nullptr ? *found : std::move(fallback);
    }
    /// The same as a pointer; nullptr if there is neither.
    [[nodiscard]] const T* find() const noexcept {
        const context_scope* const here = context_scope::current();
        const context_value* found = here == nullptr ? nullptr : context_scope::find(here, *this);
        found = found != nullptr ? found : default_;
        return found != nullptr ? &static_cast<const context_value_of<T>*>(found)->value : nullptr;
    }

    /// Gives the variable a value until the token dies.
    /// Cost: one allocation from the frame cache.
    context_token set(T value) const {
        return context_token(*this, new context_value_of<T>(std::move(value)));
    }
    /// As token.reset().
    void reset(context_token& token) const noexcept { token.reset(); }

private:
    context_value_of<T>* default_ = nullptr;
};

} // namespace eddy::inline v0
