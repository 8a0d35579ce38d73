// tbb.cpp — blocking calls, a oneTBB task for each, which blocks its worker.

#include "common.hpp"

#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

namespace eddy::compare::blocking {

metrics run_tbb(const request& asked) {
    record record;
    const tbb::global_control cores(tbb::global_control::max_allowed_parallelism, asked.cores);
    tbb::task_arena arena(static_cast<int>(asked.cores));
    arena.initialize();
    return record.of(asked.size, [&](std::uint64_t count, const call& what) {
        arena.execute([&] {
            tbb::task_group calls;
            for (std::uint64_t i = 0; i < count; ++i) {
                calls.run([&what] { what.make(); });
            }
            calls.wait();
        });
    });
}

} // namespace eddy::compare::blocking
