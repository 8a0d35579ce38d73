// executor_calls.hpp — what every executor can do because it has submit: apply, apply_async, map.
//
// Design:     docs/design/executor.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/base/ranges.hpp>
#include <eddy/exec/executor.hpp>
#include <eddy/exec/executor_job.hpp>
#include <eddy/exec/executor_map.hpp>
#include <eddy/sched/threadsafe.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// Has `call`, which keeps `state`, called once `state` is done: by the loop that runs here, or
/// where none runs on the thread that completes it. What it throws is reported.
EDDY_API void call_when_done(future_state& state, std::function<void()> call);

template <typename Fn, typename Given, std::size_t... I>
consteval bool takes_the_first(std::index_sequence<I...> /*of them*/) {
    return std::invocable<std::decay_t<Fn>, std::decay_t<std::tuple_element_t<I, Given>>...>;
}

/// How many of the last ones of `Args` are callbacks, and not arguments of Fn: as few as possible,
/// two at most. More than that: Fn takes none of it.
template <typename Fn, typename... Args>
consteval std::size_t callbacks_among() {
    constexpr std::size_t given = sizeof...(Args);
    using all = std::tuple<Args...>;
    if constexpr (takes_the_first<Fn, all>(std::make_index_sequence<given>())) {
        return 0;
    } else if constexpr (given >= 1) {
        if constexpr (takes_the_first<Fn, all>(std::make_index_sequence<given - 1>())) {
            return 1;
        } else if constexpr (given >= 2) {
            if constexpr (takes_the_first<Fn, all>(std::make_index_sequence<given - 2>())) {
                return 2;
            }
        }
    }
    return 3;
}

/// The callbacks of one apply_async; either may be nullptr.
template <typename R, typename OnResult, typename OnError>
class job_callbacks {
    static_assert(std::is_void_v<R> || std::copy_constructible<R>,
                  "a callback sees the result that the future keeps: await what cannot be copied");

public:
    job_callbacks(OnResult on_result, OnError on_error)
        : on_result_(std::move(on_result)), on_error_(std::move(on_error)) {}

    void call(const future<R>& done) {
        std::exception_ptr error;
        try {
            done.check_failure();
        } catch (...) {
            error = std::current_exception();
        }
        if (error != nullptr) {
            if constexpr (!std::is_null_pointer_v<OnError>) {
                on_error_(std::move(error));
            }
        } else if constexpr (!std::is_null_pointer_v<OnResult>) {
            if constexpr (std::is_void_v<R>) {
                on_result_();
            } else {
                on_result_(std::as_const(done.result()));
            }
        }
    }

private:
    OnResult on_result_;
    OnError on_error_;
};

/// The base class of an executor `Self`, which has submit(fn, args…) and concurrency().
template <typename Self>
class executor_calls {
public:
    /// As submit, and blocks until the result is there. For threads that run no loop.
    /// Throws: as submit; what `fn` throws; already_running on the thread of a loop.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    job_result_t<Fn, Args...> apply(Fn&& fn, Args&&... args) {
        using result_type = job_result_t<Fn, Args...>;
        refuse_to_block_a_loop("co_await run_in_executor() instead");
        auto result = submit_in_line(self(), std::forward<Fn>(fn), std::forward<Args>(args)...);
        (void)wait_blocking(*result.state(), std::nullopt);
        result.check_failure();
        if constexpr (!std::is_void_v<result_type>) {
            return static_cast<manual_state<result_type>*>(result.state())->slot().take();
        }
    }

    /// As submit; when the future is done, `callback(result)` or `error_callback(exception_ptr)` is
    /// called. Both come last and may be left out, or nullptr:
    ///
    ///     pool.apply_async(fib, 30, [](long n) { show(n); }, [](auto error) { log(error); });
    ///
    /// A job that was cancelled ends with cancelled_error. Where they run: the loop of the caller
    /// calls them, as call_soon does, and not at all once it has ended; without a loop it is the
    /// thread that ends the job: one of the executor's, or whoever cancels it, or the caller if the
    /// job is over already. What they throw is reported (report_kind::callback_failed).
    /// If `fn` takes the callback too (`auto...`), it is an argument.
    /// Throws: as submit; std::bad_alloc, and then the job may have been submitted.
    template <typename Fn, typename... Args>
        requires(callbacks_among<Fn, Args...>() <= 2)
    auto apply_async(Fn&& fn, Args&&... args) {
        constexpr std::size_t callbacks = callbacks_among<Fn, Args...>();
        constexpr std::size_t arguments = sizeof...(Args) - callbacks;
        auto given = std::forward_as_tuple(std::forward<Args>(args)...);
        auto result = [&]<std::size_t... I>(std::index_sequence<I...>) {
            return self().submit(std::forward<Fn>(fn), std::get<I>(std::move(given))...);
        }(std::make_index_sequence<arguments>());
        if constexpr (callbacks == 1) {
            call_back(result, std::get<arguments>(std::move(given)), nullptr);
        } else if constexpr (callbacks == 2) {
            call_back(result, std::get<arguments>(std::move(given)),
                      std::get<arguments + 1>(std::move(given)));
        }
        return result;
    }

    /// The results of `fn(element)` for each element of `range`, one by one:
    ///
    ///     EDDY_FOR(const auto& page, pool.map(parse, files, {.chunk = 16})) { … }
    ///
    /// Elements are taken when a job for them can be submitted, so the range may be long, or made
    /// on the way; they are copied, or moved out of a container that was given away. The first one
    /// is taken when the first result is asked for.
    /// Suspends: next(), until the result is there.
    /// Throws:   std::invalid_argument for a chunk of 0. next(): what `fn` or the range throws, at
    ///           its place; that is the end, and what has not begun is withdrawn.
    /// Cancel:   of next(), or leaving early: what has not begun is withdrawn; what has goes on and
    ///           its result is dropped: it must not use what the caller has.
    /// Threads:  `fn` is copied for each job, and called on several threads at a time.
    /// Memory:   the executor must outlive the generator.
    template <typename Fn, std::ranges::input_range Range,
              typename Element = std::ranges::range_value_t<Range>>
        requires(std::invocable<std::decay_t<Fn>&, Element> &&
                 (std::is_lvalue_reference_v<Range> || std::movable<Range>))
    async_generator<map_value_t<job_result_t<Fn, Element>>> map(Fn&& fn, Range&& range,
                                                                map_options options = {}) {
        using result = job_result_t<Fn, Element>;
        using value = map_value_t<result>;
        if (options.chunk == 0) {
            throw std::invalid_argument("map: a job of 0 elements is none");
        }
        if (options.in_flight == 0) {
            options.in_flight = 2 * self().concurrency();
        }
        if (options.chunk == 1) {
            auto one = [this, fn = std::decay_t<Fn>(std::forward<Fn>(fn))](auto& from) {
                return submit_in_line(self(), fn, from.take());
            };
            return map_results<value, result, Range>(std::forward<Range>(range), std::move(one),
                                                     options);
        }
        auto many = [this, count = options.chunk, fn = std::decay_t<Fn>(std::forward<Fn>(fn))](
                        auto& from) { return this->chunk_job(fn, from.take(count)); };
        return map_results<value, map_chunk<value>, Range>(std::forward<Range>(range),
                                                           std::move(many), options);
    }

private:
    friend Self;
    executor_calls() = default;
    ~executor_calls() = default;

    Self& self() noexcept { return static_cast<Self&>(*this); }

    template <typename R, typename OnResult, typename OnError>
    static void call_back(const future<R>& result, OnResult&& on_result, OnError&& on_error) {
        using callbacks = job_callbacks<R, std::decay_t<OnResult>, std::decay_t<OnError>>;
        auto kept = std::make_shared<callbacks>(std::forward<OnResult>(on_result),
                                                std::forward<OnError>(on_error));
        call_when_done(*result.state(), [result, kept] { kept->call(result); });
    }

    template <typename Fn, typename Element>
    auto chunk_job(const Fn& fn, std::vector<Element> elements) {
        if constexpr (requires { self().submit_chunk(fn, std::move(elements)); }) {
            return self().submit_chunk(fn, std::move(elements));
        } else {
            return submit_in_line(
                self(), [fn](std::vector<Element> all) mutable { return run_chunk(fn, all); },
                std::move(elements));
        }
    }
};

} // namespace eddy::inline v0
