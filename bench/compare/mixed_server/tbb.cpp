// tbb.cpp — mixed server, a oneTBB task for every request, in an arena with a thread for each core.

#include "common.hpp"

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <latch>

namespace eddy::compare::mixed_server {

metrics run_tbb(const request& asked) {
    requests all(asked);
    std::latch unanswered(static_cast<std::ptrdiff_t>(all.count()));
    // One more: the thread that puts requests has a place in the arena, but does not work in it.
    const tbb::global_control threads(tbb::global_control::max_allowed_parallelism,
                                      asked.cores + 1);
    tbb::task_arena arena(static_cast<int>(asked.cores), 0);
    arena.initialize();
    all.put([&](std::size_t i) {
        arena.enqueue([&all, &unanswered, i] {
            all.answer_here(i);
            unanswered.count_down();
        });
    });
    unanswered.wait();
    return all.result();
}

} // namespace eddy::compare::mixed_server
