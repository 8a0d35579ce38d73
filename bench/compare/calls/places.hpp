// places.hpp — where a call is made that keeps its thread: on the loop, by an executor, on a thread
// or in a process of its own.
//
// A place makes many calls at once; meanwhile a probe is served, as is other work of such a
// program: by a task of eddy, or by a thread where each call has one or a process.

#pragma once

#include "../memory.hpp"
#include "../meter.hpp"
#include "../probed_tasks.hpp"
#include "call.hpp"
#include <eddy/eddy.hpp>

#include <cstdint>

namespace eddy::compare::calls {

/// A task for each call, which makes it: its worker blocks.
class on_loop {
public:
    explicit on_loop(unsigned cores) : loops_({.workers = cores}) {}
    [[nodiscard]] probed make_all(std::uint64_t count, const call& what);

private:
    eddy::runtime loops_;
};

/// A task for each call, which awaits it while the executor makes it.
template <eddy::executor E>
class on_executor {
public:
    explicit on_executor(unsigned cores) : pool_(cores), loops_({.workers = cores}) {}

    [[nodiscard]] probed make_all(std::uint64_t count, const call& what) {
        const auto in_processes_before = cpu_of(descendants());
        probed found = loops_.run_until_complete(
            await_probed(count, [&] { return eddy::run_in_executor(pool_, make, what); }));
        found.cpu += cpu_of(descendants()) - in_processes_before;
        return found;
    }

private:
    E pool_;
    eddy::runtime loops_;
};

/// With as many threads as it has if nobody says: for calls that wait, more than there are cores.
class default_thread_pool : public eddy::thread_pool_executor {
public:
    explicit default_thread_pool(unsigned /*cores*/) {}
};

/// A std::thread for each call.
class on_threads {
public:
    explicit on_threads(unsigned /*cores*/) {}
    [[nodiscard]] static probed make_all(std::uint64_t count, const call& what);
};

/// A forked process for each call.
class in_processes {
public:
    explicit in_processes(unsigned /*cores*/) {}
    [[nodiscard]] static probed make_all(std::uint64_t count, const call& what);
};

} // namespace eddy::compare::calls
