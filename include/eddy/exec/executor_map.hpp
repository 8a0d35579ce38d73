// executor_map.hpp — a function over a range on an executor: a bounded number of jobs under way,
// their results one by one.
//
// Memory:     the jobs that are under way, and their results until they are taken.
// Cancel:     of the wait for a result, as leaving the loop early: what has not begun is withdrawn.
// Invariants: I1  elements are taken in order, and only when a job for them can be submitted.
//             I2  what fails comes after the results of all elements before it, if results are
//                 ordered; nothing comes after it.
// Design:     docs/design/executor.md

#pragma once

#include <eddy/base/ranges.hpp>
#include <eddy/core/async_generator.hpp>
#include <eddy/core/future.hpp>
#include <eddy/exec/executor_job.hpp>
#include <eddy/exec/run_in_executor.hpp>
#include <eddy/sched/wait.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// How map is to go about it.
struct map_options {
    /// So many elements are one job: for functions that take less time than a job costs.
    std::size_t chunk = 1;
    /// Results in the order of the elements; otherwise as they come.
    bool ordered = true;
    /// At most so many jobs under way, results that wait to be taken included. 0: twice as many as
    /// the executor can run at a time.
    std::size_t in_flight = 0;
};

/// What map gives for a result R: an empty tuple for nothing.
template <typename R>
using map_value_t = std::conditional_t<std::is_void_v<R>, std::tuple<>, R>;

/// The result of a job of several elements: what came before the failure, if there is one.
template <typename T>
struct map_chunk {
    std::vector<T> values;
    std::exception_ptr error;
};

/// The job of several elements. An executor that cannot run this has a `submit_chunk(fn, elements)`
/// of its own.
template <typename Fn, typename Element>
map_chunk<map_value_t<job_result_t<Fn, Element>>> run_chunk(Fn& fn,
                                                            std::vector<Element>& elements) {
    map_chunk<map_value_t<job_result_t<Fn, Element>>> out;
    try {
        out.values.reserve(elements.size());
        for (auto&& each : elements) {
            if constexpr (std::is_void_v<job_result_t<Fn, Element>>) {
                fn(Element(std::move(each)));
                out.values.emplace_back();
            } else {
                out.values.push_back(fn(Element(std::move(each))));
            }
        }
    } catch (...) {
        out.error = std::current_exception();
    }
    return out;
}

/// The elements of a range, one after the other. Range: a reference to what the caller has, or the
/// range itself.
template <typename Range>
class map_source {
    // What belongs to nobody else is moved from.
    static constexpr bool owns = !std::is_lvalue_reference_v<Range> && !std::ranges::view<Range>;

public:
    using element = std::ranges::range_value_t<Range>;

    explicit map_source(Range&& range) : range_(std::forward<Range>(range)) {}
    map_source(const map_source&) = delete;
    map_source& operator=(const map_source&) = delete;

    [[nodiscard]] bool at_end() {
        if (!next_) {
            next_.emplace(std::ranges::begin(range_));
        } else if (std::exchange(taken_, false)) {
            ++*next_;
        }
        return *next_ == std::ranges::end(range_);
    }
    /// Not at the end, and once after at_end() said so.
    element take() {
        taken_ = true;
        if constexpr (owns) {
            return element(std::ranges::iter_move(*next_));
        } else {
            return element(**next_);
        }
    }
    std::vector<element> take(std::size_t count) {
        std::vector<element> out;
        do {
            out.push_back(take());
        } while (out.size() != count && !at_end());
        return out;
    }

private:
    Range range_;
    std::optional<std::ranges::iterator_t<Range>> next_;
    bool taken_ = false;
};

/// The jobs that are under way. Those that have not begun are withdrawn when it dies.
template <typename Result>
class map_window {
    using jobs = std::vector<future<Result>>;

public:
    map_window() = default;
    map_window(const map_window&) = delete;
    map_window& operator=(const map_window&) = delete;
    ~map_window() {
        for (const future<Result>& each : jobs_) {
            if (each.valid()) {
                (void)each.cancel();
            }
        }
    }

    void add(future<Result> job) { jobs_.push_back(std::move(job)); }
    [[nodiscard]] std::size_t size() const noexcept {
        return jobs_.size() - taken_ + done_.size() - done_taken_;
    }

    /// The oldest job. Not if it is empty.
    [[nodiscard]] future<Result> oldest() { return take(jobs_, taken_); }

    /// The job that has ended first, of those that have not been taken. Not if it is empty.
    [[nodiscard]] coro<future<Result>> first() {
        if (done_.empty()) {
            // A copy: whatever becomes of the wait, they are here.
            auto now = co_await wait(jobs_, {.when = return_when::first_completed});
            jobs_ = std::move(now.pending);
            done_ = std::move(now.done);
        }
        co_return take(done_, done_taken_);
    }

private:
    // The front goes when it is as long as the rest, so that each is moved once at most.
    static future<Result> take(jobs& from, std::size_t& taken) {
        future<Result> out = std::move(from[taken++]);
        if (2 * taken >= from.size()) {
            from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(taken));
            taken = 0;
        }
        return out;
    }

    jobs jobs_; // the first taken_ are empty
    std::size_t taken_ = 0;
    jobs done_;
    std::size_t done_taken_ = 0;
};

/// Elements become jobs while there is room; the first failure of the range or of submitting ends
/// that, and is kept.
template <typename Result, typename Range, typename Submit>
class map_feed {
public:
    map_feed(Range&& range, Submit submit)
        : from_(std::forward<Range>(range)), submit_(std::move(submit)) {}

    void fill(map_window<Result>& window, std::size_t limit) noexcept {
        try {
            while (!ended_ && window.size() < limit) {
                ended_ = from_.at_end();
                if (!ended_) {
                    window.add(submit_(from_));
                }
            }
        } catch (...) {
            ended_ = true;
            error_ = std::current_exception();
        }
    }
    void rethrow() {
        if (error_ != nullptr) {
            std::rethrow_exception(std::exchange(error_, nullptr));
        }
    }

private:
    map_source<Range> from_;
    Submit submit_;
    std::exception_ptr error_;
    bool ended_ = false;
};

template <typename Value, typename Result, typename Range, typename Submit>
async_generator<Value> map_results(Range range, Submit submit, map_options options) {
    map_feed<Result, Range, Submit> feed(std::forward<Range>(range), std::move(submit));
    map_window<Result> window;
    for (;;) {
        feed.fill(window, options.in_flight);
        if (window.size() == 0) {
            break;
        }
        executor_wait job(options.ordered ? window.oldest() : co_await window.first());
        if constexpr (std::is_void_v<Result>) {
            co_await job;
            co_yield Value();
        } else if constexpr (std::same_as<Result, Value>) {
            co_yield co_await job;
        } else {
            Result got = co_await job;
            for (auto&& each : got.values) {
                co_yield Value(std::move(each));
            }
            if (got.error != nullptr) {
                std::rethrow_exception(got.error);
            }
        }
    }
    feed.rethrow();
}

} // namespace eddy::inline v0
