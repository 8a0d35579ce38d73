// process_job.hpp — a call of a registered function on its way to another process, and the future
// of its result.
//
// Threads:    made by who submits; then the pool's, under its lock, until it is settled.
// Memory:     the encoded call is kept until the result is there: it may have to be sent again.
// Cancel:     a future that was cancelled before the call began withdraws it; after that the result
//             is dropped, or the worker process killed.
// Invariants: I1  settled exactly once; whoever cancels the future is one who settles it.
// Design:     docs/design/process_pool.md

#pragma once

#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/future.hpp>
#include <eddy/exec/codec.hpp>
#include <eddy/exec/executor_job.hpp>
#include <eddy/exec/queued_job.hpp>
#include <eddy/exec/registered_exception.hpp>
#include <eddy/exec/registered_function.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

class process_pool;
class worker_process;

/// What a cancel does to a job that runs: it goes on, or its process is killed.
enum class job_cancel : std::uint8_t { drops_result, kills_process };

/// How one job is to be treated.
struct process_job_options {
    /// When the job has not ended so long after it was submitted it gets a timeout_error, and the
    /// process that runs it is killed. A deadline of the caller's (timeout, wait_for) does the
    /// same: the earlier one counts.
    std::chrono::nanoseconds limit = std::chrono::nanoseconds::max();
    /// Repeatable: if its process dies, it is run again, so many times at most. Otherwise a job
    /// that has begun is never run again.
    std::size_t repeats = 0;
    job_cancel on_cancel = job_cancel::drops_result;
};

/// The bytes of a call: the context variables that go with it, then the function's name, then the
/// arguments of one call or of several.
class EDDY_API encoded_call {
public:
    /// Without context variables.
    template <typename F, typename... Args>
    static encoded_call of(F* fn, Args&&... args) {
        encoded_call out(registered_function::of(fn));
        out.put_call<F>(args...);
        return out;
    }
    /// With those that are set here.
    template <typename F, typename... Args>
    static encoded_call of_here(F* fn, Args&&... args) {
        encoded_call out(registered_function::of(fn));
        out.put_context();
        out.put_call<F>(args...);
        return out;
    }
    /// The same for each of `elements`, its only argument.
    template <typename F, typename Element>
    static encoded_call of_each(F* fn, const std::vector<Element>& elements) {
        using arguments = typename function_parts<F*>::arguments;
        encoded_call out(registered_function::of(fn));
        out.put_context();
        out.function_->name_to(out.bytes_);
        out.bytes_.put_size(elements.size());
        for (const Element& each : elements) {
            encoded_call one;
            one.put<arguments>(std::index_sequence<0>(), each);
            out.bytes_.put_size(one.bytes_.written().size());
            out.bytes_.put_bytes(one.bytes_.written().bytes());
        }
        return out;
    }

    [[nodiscard]] const registered_function& function() const noexcept { return *function_; }
    /// At the front of the bytes.
    [[nodiscard]] std::uint32_t context_bytes() const noexcept { return context_bytes_; }
    [[nodiscard]] code_buffer take() noexcept { return bytes_.take(); }

private:
    encoded_call() = default;
    explicit encoded_call(const registered_function& function) noexcept : function_(&function) {}

    void put_context();
    template <typename F, typename... Args>
    void put_call(const Args&... args) {
        using arguments = typename function_parts<F*>::arguments;
        static_assert(std::tuple_size_v<arguments> == sizeof...(Args));
        function_->name_to(bytes_);
        put<arguments>(std::index_sequence_for<Args...>(), args...);
    }

    template <typename Arguments, std::size_t... I, typename... Args>
    void put(std::index_sequence<I...> /*of them*/, const Args&... args) {
        (put_as<std::tuple_element_t<I, Arguments>>(args), ...);
        if constexpr (sizeof...(I) == 0) {
            bytes_.put(std::tuple<>());
        }
    }
    template <typename T, typename Given>
    void put_as(const Given& given) {
        if constexpr (std::is_same_v<T, Given>) {
            bytes_.put(given);
        } else {
            const T converted(given);
            bytes_.put(converted);
        }
    }

    const registered_function* function_ = nullptr;
    std::uint32_t context_bytes_ = 0;
    code_writer bytes_;
};

/// Shared by the pool and by the future it waits for.
class EDDY_API process_job : public queued_job {
public:
    enum class kind : std::uint8_t { call, chunk };

    process_job(kind what, encoded_call call, const process_job_options& options);

    // -- by whoever settles it, outside of the pool's lock --

    /// Reads the result. Throws: codec_error.
    virtual void settle(code_reader& from) = 0;
    virtual void settle_error(std::exception_ptr error) noexcept = 0;
    virtual void settle_cancelled() noexcept = 0;

protected:
    ~process_job() override;

private:
    friend process_pool;
    friend worker_process;
    enum class stage : std::uint8_t { queued, sent, settled };

    const kind kind_;
    const registered_function* const function_;
    const std::uint32_t context_bytes_;
    const code_buffer call_;
    const clock::time_point deadline_; // of the real clock, whatever that of the runtime is
    const job_cancel on_cancel_;

    // Under the pool's lock.
    stage stage_ = stage::queued;
    std::size_t repeats_left_;
    worker_process* worker_ = nullptr; // that it was sent to
    std::uint64_t number_ = 0;         // there
    std::exception_ptr failure_;       // to be settled with when the lock is free
};

/// What the future of a job is made of.
template <typename Result, typename Read>
class process_call final : public process_job {
public:
    process_call(kind what, encoded_call call, const process_job_options& options)
        : process_job(what, std::move(call), options) {}

    [[nodiscard]] future<Result> result() const { return result_.get_future(); }

    void settle(code_reader& from) override {
        if constexpr (std::is_void_v<Result>) {
            from.expect_end();
            const outside_job::settling now;
            (void)result_.try_set_value();
        } else {
            Result value = Read()(from);
            from.expect_end();
            const outside_job::settling now;
            (void)result_.try_set_value(std::move(value));
        }
    }
    void settle_error(std::exception_ptr error) noexcept override {
        const outside_job::settling now;
        (void)result_.try_set_exception(std::move(error));
    }
    void settle_cancelled() noexcept override {
        const outside_job::settling now;
        (void)result_.get_future().cancel();
    }
    [[nodiscard]] future_state& state() noexcept override { return *result_.get_future().state(); }

private:
    ~process_call() override = default;

    promise<Result> result_;
};

} // namespace eddy::inline v0
