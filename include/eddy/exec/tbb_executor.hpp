// tbb_executor.hpp — calls and parallel algorithms in an arena of oneTBB: for what computes.
//
// Not in eddy.hpp: it needs a library that was built with oneTBB (meson -Dtbb=enabled).
//
// Threads:    every member function: any thread; apply, shutdown and the destructor block.
// Memory:     the threads belong to oneTBB, which keeps them.
// Invariants: I1  an await of an algorithm ends when nothing of it runs any more.
//             I2  a job is run once or cancelled once.
// Design:     docs/design/tbb.md

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/context.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/op.hpp>
#include <eddy/exec/executor.hpp>
#include <eddy/exec/executor_calls.hpp>
#include <eddy/exec/executor_job.hpp>
#include <eddy/exec/queued_job.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace eddy::inline v0 {

struct tbb_options {
    /// At most so many threads compute at a time. 0: as many as there are loops in the runtime that
    /// runs where it is made; where none runs, as many as a runtime would have.
    std::size_t concurrency = 0;
    /// At most so many jobs of submit that have not begun; 0: any number. As
    /// thread_pool_options::queue_max. The algorithms do not count.
    std::size_t queue_max = 0;
};

class tbb_arena;
class arena_work;

/// Waits until `call(with)` has been made in the arena.
class EDDY_API arena_op final : public op {
public:
    arena_op(std::shared_ptr<tbb_arena> arena, void (*call)(void*), void* with,
             const std::type_info& what);
    arena_op(arena_op&& fresh) noexcept;
    ~arena_op();

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise);
    void await_resume();
    abort_result abort() noexcept override;
    void show(await_look& look) const noexcept override;

private:
    friend class tbb_arena;
    void ended() noexcept { wake(); }

    std::shared_ptr<tbb_arena> arena_;
    std::shared_ptr<arena_work> work_;
    context in_ = copy_context();
};

// -- inside of the arena: what the algorithms are made of --

/// Calls `body(with, first, last)` for pieces of [0, size), and looks for a cancel in between.
EDDY_API void arena_for(std::size_t size, std::size_t grain,
                        void (*body)(void* with, std::size_t first, std::size_t last), void* with);

/// How values of a reduction are made, filled, joined and freed.
struct arena_reduction {
    void* (*make)(void* with);
    void (*add)(void* with, void* value, std::size_t first, std::size_t last);
    void (*join)(void* with, void* left, void* right);
    void (*destroy)(void* value);
};
EDDY_API void arena_reduce(std::size_t size, std::size_t grain, const arena_reduction& how,
                           void* with, void* value);

/// Calls both, on two threads if there is a free one.
EDDY_API void arena_both(void (*call)(void*), void* left, void* right);
/// Whether the work that runs here is to stop.
[[nodiscard]] EDDY_API bool arena_cancelled() noexcept;

/// The element `at` steps after `begin`: a number, or what an iterator points to.
template <typename Begin>
decltype(auto) arena_element(Begin begin, std::size_t at) {
    if constexpr (std::integral<Begin>) {
        return static_cast<Begin>(begin + static_cast<Begin>(at));
    } else {
        return *(begin + static_cast<std::iter_difference_t<Begin>>(at));
    }
}
template <typename Begin>
std::size_t arena_size(Begin begin, Begin end) {
    return begin < end ? static_cast<std::size_t>(end - begin) : 0;
}
template <typename Begin>
concept arena_range = std::integral<Begin> || std::random_access_iterator<Begin>;
template <typename Begin>
using arena_element_t = decltype(arena_element(std::declval<Begin>(), 0));

/// Sorts as std::sort does, the halves of a long range side by side.
template <typename Iterator, typename Less>
class arena_sort {
public:
    arena_sort(Iterator first, Iterator last, Less& less, int depth)
        : first_(first), last_(last), less_(less), depth_(depth) {}

    void run() {
        if (last_ - first_ <= short_enough || depth_ == 0) {
            std::sort(first_, last_, std::ref(less_));
            return;
        }
        if (arena_cancelled()) {
            return;
        }
        // [first_, smaller) < the pivot; [smaller, larger) are its equals.
        const auto pivot = median_of_three();
        const Iterator smaller =
            std::partition(first_, last_, [&](const auto& each) { return less_(each, pivot); });
        const Iterator larger =
            std::partition(smaller, last_, [&](const auto& each) { return !less_(pivot, each); });
        arena_sort left(first_, smaller, less_, depth_ - 1);
        arena_sort right(larger, last_, less_, depth_ - 1);
        arena_both([](void* half) { static_cast<arena_sort*>(half)->run(); }, &left, &right);
    }

private:
    using value = std::iter_value_t<Iterator>;
    static constexpr std::iter_difference_t<Iterator> short_enough = 2048;

    value median_of_three() const {
        const value& a = *first_;
        const value& b = first_[(last_ - first_) / 2];
        const value& c = *(last_ - 1);
        if (less_(a, b)) {
            return less_(b, c) ? b : (less_(a, c) ? c : a);
        }
        return less_(a, c) ? a : (less_(b, c) ? c : b);
    }

    Iterator first_;
    Iterator last_;
    Less& less_;
    int depth_;
};

/// An arena of oneTBB as an executor, and its algorithms for tasks: what they compute runs on
/// threads of oneTBB, the loops go on meanwhile.
///
/// Functions must not block for long: they keep a processor from the others. Those given to an
/// algorithm may refer to what the caller has: the await ends when none of them runs any more.
/// Example: docs/examples/parallel_sum.cpp
class EDDY_API tbb_executor : public executor_calls<tbb_executor> {
public:
    /// Throws: std::runtime_error if the library was built without oneTBB.
    explicit tbb_executor(tbb_options options = {});
    explicit tbb_executor(std::size_t concurrency)
        : tbb_executor(tbb_options{.concurrency = concurrency}) {}
    /// As shutdown(), also on the thread of a loop.
    ~tbb_executor();
    tbb_executor(const tbb_executor&) = delete;
    tbb_executor& operator=(const tbb_executor&) = delete;

    /// Has `fn(args...)`, stored until then, called in the arena. As thread_pool_executor::submit.
    /// Throws: executor_shut_down; executor_queue_full.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    future<job_result_t<Fn, Args...>> submit(Fn&& fn, Args&&... args) {
        auto [job, result] = make_executor_job(std::forward<Fn>(fn), std::forward<Args>(args)...);
        post(std::move(job), when_full::refuse);
        return std::move(result);
    }
    /// `co_await tbb.submit_async(fn, args…)` waits until the queue has room and gives the future
    /// that submit gives. As thread_pool_executor::submit_async.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    submit_op<job_result_t<Fn, Args...>> submit_async(Fn&& fn, Args&&... args) {
        auto [job, result] = make_executor_job(std::forward<Fn>(fn), std::forward<Args>(args)...);
        return {desk(), std::move(job), std::move(result)};
    }
    /// As submit, for who awaits the result at once: where the queue is full the job waits beside
    /// it, in turn with those of submit_async.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    future<job_result_t<Fn, Args...>> submit_in_line(Fn&& fn, Args&&... args) {
        auto [job, result] = make_executor_job(std::forward<Fn>(fn), std::forward<Args>(args)...);
        post(std::move(job), when_full::wait);
        return std::move(result);
    }

    /// Awaits `fn(i)` for each i of [begin, end), which are numbers, or random access iterators:
    /// then it is `fn(*i)`. A part of at most `grain` of them is not divided further.
    ///
    /// Suspends: until the last call has returned.
    /// Throws:   the first exception of `fn`, which ends the others as a cancel does;
    ///           executor_shut_down.
    /// Cancel:   each thread ends the piece that it is in: `grain` calls, or about 0.1 ms of them
    ///           where that is longer. Then the await ends, with cancelled_error.
    /// Threads:  `fn` is called on several threads at a time. It sees the context variables and
    ///           deadlines of the caller.
    template <arena_range Begin, typename Fn>
        requires std::invocable<Fn&, arena_element_t<Begin>>
    [[nodiscard]] coro<> parallel_for(Begin begin, Begin end, std::size_t grain, Fn fn) {
        auto all = [&] {
            auto part = [&](std::size_t first, std::size_t last) {
                for (std::size_t i = first; i != last; ++i) {
                    fn(arena_element(begin, i));
                }
            };
            using part_type = decltype(part);
            arena_for(
                arena_size(begin, end), grain,
                [](void* with, std::size_t first, std::size_t last) {
                    (*static_cast<part_type*>(with))(first, last);
                },
                &part);
        };
        co_await work(all, typeid(Fn));
    }
    template <arena_range Begin, typename Fn>
        requires std::invocable<Fn&, arena_element_t<Begin>>
    [[nodiscard]] coro<> parallel_for(Begin begin, Begin end, Fn fn) {
        return parallel_for(begin, end, 1, std::move(fn));
    }

    /// Awaits `combine` of `fn(i)` over [begin, end), in order: `identity` if that is empty.
    /// `combine(T, T)` must not care how they are grouped, and `identity` change nothing.
    ///
    /// Suspends, Throws, Cancel, Threads: as parallel_for.
    template <arena_range Begin, std::movable T, typename Fn, typename Combine>
        requires std::copy_constructible<T>
    [[nodiscard]] coro<T> parallel_reduce(Begin begin, Begin end, T identity, Fn fn,
                                          Combine combine) {
        reduction<Begin, T, Fn, Combine> whole{begin, identity, fn, combine};
        T value = identity;
        auto all = [&] { arena_reduce(arena_size(begin, end), 1, whole.calls, &whole, &value); };
        co_await work(all, typeid(Fn));
        co_return std::move(value);
    }

    /// Sorts a random access range of the caller's, as std::sort does: not stable.
    ///
    /// Suspends, Throws, Cancel, Threads: as parallel_for, with `less` for `fn`. After an exception
    ///           or a cancel the elements are there, in some order.
    template <std::ranges::random_access_range Range, typename Less = std::less<>>
        requires std::copy_constructible<std::ranges::range_value_t<Range>>
    [[nodiscard]] coro<> parallel_sort(Range& range, Less less = {}) {
        auto all = [&] {
            constexpr int levels = 48; // of bad pivots, then std::sort
            using iterator = std::ranges::iterator_t<Range>;
            const iterator first = std::ranges::begin(range);
            arena_sort<iterator, Less>(first, first + std::ranges::ssize(range), less, levels)
                .run();
        };
        co_await work(all, typeid(Less));
    }

    /// Awaits `fn()`, called in the arena: for what is oneTBB's own, as a flow graph:
    ///
    ///     co_await tbb.run([&] { graph.wait_for_all(); });
    ///
    /// Suspends: until it has returned.
    /// Throws:   what `fn` throws; executor_shut_down.
    /// Cancel:   before it begins it is withdrawn; later the algorithms of oneTBB that it is in are
    ///           cancelled, and the await ends, with cancelled_error, when it has returned.
    template <std::invocable Fn>
    [[nodiscard]] coro<std::decay_t<std::invoke_result_t<Fn&>>> run(Fn fn) {
        using result = std::decay_t<std::invoke_result_t<Fn&>>;
        if constexpr (std::is_void_v<result>) {
            co_await work(fn, typeid(Fn));
        } else {
            std::optional<result> value;
            auto call = [&] { value.emplace(fn()); };
            co_await work(call, typeid(Fn));
            co_return *std::move(value);
        }
    }

    /// Takes no jobs any more. May be called again.
    /// Throws: already_running if it would block the thread of a loop: co_await aclose() there.
    void shutdown(const shutdown_options& options = {});
    /// The same without blocking: suspends where shutdown() blocks. A cancel ends the wait, not the
    /// shutdown.
    [[nodiscard]] coro<> aclose(shutdown_options options = {});

    [[nodiscard]] std::size_t concurrency() const noexcept;
    /// Jobs that have not begun, with those that wait for room.
    [[nodiscard]] std::size_t queued() const;

    /// For submit. Throws: see there.
    void post(job_pointer<executor_job> job, when_full then);

private:
    template <typename Begin, typename T, typename Fn, typename Combine>
    struct reduction {
        Begin begin;
        const T& identity;
        Fn& fn;
        Combine& combine;

        static reduction& of(void* with) { return *static_cast<reduction*>(with); }
        static T& value_of(void* value) { return *static_cast<T*>(value); }

        static constexpr arena_reduction calls{
            .make = [](void* with) -> void* { return new T(of(with).identity); },
            .add =
                [](void* with, void* value, std::size_t first, std::size_t last) {
                    T& sum = value_of(value);
                    for (std::size_t i = first; i != last; ++i) {
                        sum = of(with).combine(std::move(sum),
                                               of(with).fn(arena_element(of(with).begin, i)));
                    }
                },
            .join =
                [](void* with, void* left, void* right) {
                    T& sum = value_of(left);
                    sum = of(with).combine(std::move(sum), std::move(value_of(right)));
                },
            .destroy = [](void* value) { delete static_cast<T*>(value); }};
    };

    [[nodiscard]] std::shared_ptr<job_desk> desk() const noexcept;

    template <typename Call>
    arena_op work(Call& call, const std::type_info& what) {
        return {arena_, [](void* with) { (*static_cast<Call*>(with))(); }, &call, what};
    }

    std::shared_ptr<tbb_arena> arena_; // shared with what runs in it
};

} // namespace eddy::inline v0
