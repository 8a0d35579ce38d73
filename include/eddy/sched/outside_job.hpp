// outside_job.hpp — one piece of a runtime's work that a thread outside of its workers does.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/sched/event_loop.hpp>

#include <memory>

namespace eddy::inline v0 {

class outside_account;

/// While it lives, tasks that all wait are no deadlock, and a virtual clock stands still: what the
/// job takes is real time.
///
/// Threads:  any; may die after the runtime has.
class EDDY_API outside_job {
public:
    /// For the runtime of the loop that runs here; for nobody where none runs.
    outside_job() noexcept;
    explicit outside_job(event_loop& of) noexcept;
    outside_job(outside_job&&) noexcept = default;
    outside_job& operator=(outside_job&& other) noexcept;
    ~outside_job() { end(); }

    /// The job is over, before this dies.
    void end() noexcept;

    /// While it lives, what this thread posts to a runtime is the result of such a job: no sign
    /// that the thread may post again by itself (docs/design/deadlock.md). Cost: a thread-local
    /// variable.
    class EDDY_API settling {
    public:
        settling() noexcept;
        settling(const settling&) = delete;
        settling& operator=(const settling&) = delete;
        ~settling();

        [[nodiscard]] static bool here() noexcept;
    };

private:
    std::shared_ptr<outside_account> account_;
};

} // namespace eddy::inline v0
