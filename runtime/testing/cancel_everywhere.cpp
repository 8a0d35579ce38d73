// cancel_everywhere.cpp — counts suspensions, cancels at one, and looks at what became of it.

#include <eddy/base/atomic.hpp>
#include <eddy/testing/cancel_everywhere.hpp>
#include <eddy/testing/checked_run.hpp>

#include <array>
#include <cstdio>
#include <mutex>
#include <string>

namespace eddy::inline v0 {

cancel_failure::~cancel_failure() = default;

namespace {

using target = cancel_options::target;

std::string place_of(const any_task& task) {
    const std::source_location site = task.base()->root().leaf()->site();
    return task.name() + " at " + site.file_name() + ":" + std::to_string(site.line());
}

// The suspensions of one run, and the cancel at one of them.
class cancel_point {
public:
    /// `number` from 1; 0: no cancel, only counts.
    cancel_point(std::size_t number, target whom) noexcept : number_(number), whom_(whom) {}

    /// The program, as a task that is known here while it runs.
    coro<> watch(coro<> program) {
        const known_main known(*this);
        co_await std::move(program);
    }

    // Called by any worker, in the task that is about to suspend.
    void suspending(const any_task& task) {
        const any_task main = this->main();
        if (!main.valid() || seen_.fetch_add(1, relaxed) + 1 != number_) { // count:
            return;
        }
        {
            const std::lock_guard hold(lock_);
            place_ = place_of(task);
        }
        (void)(whom_ == target::main_task ? main : task).cancel("cancel_everywhere");
    }

    [[nodiscard]] std::size_t seen() const noexcept { return seen_.load(relaxed); } // count:
    [[nodiscard]] std::size_t number() const noexcept { return number_; }
    [[nodiscard]] bool reached() const noexcept { return number_ == 0 || seen() >= number_; }

    /// "main cancelled at suspension 3, Task-2 at main.cpp:12: "
    [[nodiscard]] std::string words() const {
        if (number_ == 0) {
            return "without a cancel: ";
        }
        const std::lock_guard hold(lock_);
        return (whom_ == target::main_task ? "main cancelled at suspension "
                                           : "cancelled at its suspension ") +
               std::to_string(number_) + ", " + place_ + ": ";
    }

private:
    class known_main {
    public:
        explicit known_main(cancel_point& to) : to_(to) { to_.set_main(current_task()); }
        ~known_main() { to_.set_main({}); }
        known_main(const known_main&) = delete;
        known_main& operator=(const known_main&) = delete;

    private:
        cancel_point& to_;
    };

    any_task main() const {
        const std::lock_guard hold(lock_);
        return main_;
    }
    void set_main(any_task task) {
        const std::lock_guard hold(lock_);
        main_ = std::move(task);
    }

    const std::size_t number_;
    const target whom_;
    atomic<std::size_t> seen_{0};
    mutable std::mutex lock_;
    any_task main_;
    std::string place_;
};

class cancelled_runs {
public:
    cancelled_runs(const std::function<coro<>()>& program, const std::function<bool()>& holds,
                   const cancel_options& options, std::source_location site)
        : program_(program), holds_(holds), options_(options), site_(site) {}

    /// Gives the number of suspensions.
    std::size_t without_cancel() {
        cancel_point none(0, target::main_task);
        plain_error_ = run(none);
        if (is_deadlock(plain_error_)) {
            fail(none, describe(plain_error_));
        }
        return none.seen();
    }

    void at_each(target whom) {
        for (std::size_t number = 1;; ++number) {
            cancel_point at(number, whom);
            const std::exception_ptr error = run(at);
            if (!at.reached()) {
                return;
            }
            if (error != nullptr && !is_expected(error)) {
                fail(at, "it threw: " + describe(error));
            }
        }
    }

private:
    std::exception_ptr run(cancel_point& at) {
        runtime_options on = options_.on;
        on.on_suspend = [&at](const any_task& task) { at.suspending(task); };
        const run_checks checks{.left_behind = run_checks::leftovers::fine,
                                .is_wrong = options_.is_wrong ? options_.is_wrong : by_default};
        const checked_result result =
            run_checked([&] { return at.watch(program_()); }, std::move(on), checks, site_);
        if (!result.problems.empty()) {
            fail(at, result.problems.front());
        }
        check_invariant(at);
        return result.error;
    }

    static bool by_default(const report& what) {
        return what.kind != report_kind::never_retrieved && what.kind != report_kind::replaced;
    }

    static bool is_deadlock(const std::exception_ptr& error) {
        try {
            if (error != nullptr) {
                std::rethrow_exception(error);
            }
        } catch (const deadlock_error&) {
            return true;
        } catch (...) { // something else
        }
        return false;
    }

    // The cancel, what a run without one throws too, or what the caller knows of.
    bool is_expected(const std::exception_ptr& error) const {
        return is_cancellation(error) ||
               (plain_error_ != nullptr && describe(error) == describe(plain_error_)) ||
               (options_.may_throw && options_.may_throw(error));
    }

    void check_invariant(const cancel_point& at) const {
        std::string thrown;
        try {
            if (holds_()) {
                return;
            }
        } catch (...) {
            thrown = ": " + describe(std::current_exception());
        }
        fail(at, "the invariant does not hold" + thrown);
    }

    [[noreturn]] void fail(const cancel_point& at, const std::string& what) const {
        std::string text = at.words() + what;
        if (options_.on.simulation) {
            std::array<char, 32> seed{};
            (void)std::snprintf(seed.data(), seed.size(), "0x%llx",
                                static_cast<unsigned long long>(options_.on.simulation->seed));
            text += std::string(" (EDDY_SEED=") + seed.data() + " repeats it)";
        }
        throw cancel_failure(text);
    }

    const std::function<coro<>()>& program_;
    const std::function<bool()>& holds_;
    const cancel_options& options_;
    const std::source_location site_;
    std::exception_ptr plain_error_;
};

} // namespace

std::size_t cancel_at_each_point(const std::function<coro<>()>& program,
                                 const std::function<bool()>& holds, const cancel_options& options,
                                 std::source_location site) {
    cancelled_runs runs(program, holds, options, site);
    const std::size_t points = runs.without_cancel();
    for (const target each : {target::main_task, target::suspending_task}) {
        if (options.whom == target::both || options.whom == each) {
            runs.at_each(each);
        }
    }
    return points;
}

} // namespace eddy::inline v0
