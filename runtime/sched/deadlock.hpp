// deadlock.hpp — whether anything can still wake the tasks of a runtime in which nothing runs, and
// what to say if not.
//
// Threads:    suspect, confirm: a worker that has entered sleep.  hope_left, report_of: whoever
//             knows that nothing runs.  begin_run: the driver.  The rest: any thread.
// Invariants: I1  what is told was true when it was told: every worker slept, every queue was
//                 empty, no timer and no descriptor was armed, no work outside was announced.
//             I2  it is told once for each time the runtime falls silent.
// Design:     docs/design/deadlock.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/core/report.hpp>

#include <cstdint>
#include <limits>

namespace eddy::inline v0 {

class runtime_core;

enum class hope : std::uint8_t {
    some,               // a timer, a descriptor or outside_work will wake somebody
    from_other_threads, // the process has threads that are not the runtime's, and one of them could
    none
};

class deadlock_watch {
public:
    explicit deadlock_watch(runtime_core& runtime) noexcept : runtime_(runtime) {}

    /// How long other threads get to wake somebody, before it is told.
    static constexpr clock::duration patience = std::chrono::seconds(1);

    // -- a worker that is about to block without a limit --

    /// True: it may block for `patience` only, and if nothing came then calls confirm().
    [[nodiscard]] bool suspect() noexcept;
    void confirm() noexcept;

    // -- whoever knows that nothing runs --

    [[nodiscard]] hope hope_left() noexcept;
    /// Names every task, where it waits and the circle. Throws: std::bad_alloc.
    [[nodiscard]] report report_of(hope left);

    /// A run that stops in a deadlock may be followed by another one that does.
    void begin_run() noexcept;

    // -- any thread --

    /// Announces work outside (+1), or its end (-1).
    void expect_outside(std::int32_t change) noexcept {
        outside_.fetch_add(change, relaxed); // count: a worker that looks has slept since
    }
    /// Another thread has posted, and may do so again.
    void note_foreign_post() noexcept {
        if (!posted_.load(relaxed)) {     // hint: not worth a write each time
            posted_.store(true, relaxed); // hint: the post itself is seen first
        }
    }

private:
    [[nodiscard]] bool something_is_armed() noexcept;
    [[nodiscard]] bool is_silent(std::uint64_t steps) noexcept;
    [[nodiscard]] std::uint64_t steps() const noexcept;
    void tell(std::uint64_t steps, hope left) noexcept;

    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    runtime_core& runtime_;
    atomic<std::uint64_t> suspected_at_{never}; // steps of all workers
    atomic<std::uint64_t> told_at_{never};
    atomic<std::int32_t> outside_{0};
    atomic<bool> posted_{false};
};

} // namespace eddy::inline v0
