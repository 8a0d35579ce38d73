// tbb_headers.hpp — oneTBB, in one place: what it counts with wraps round on purpose, and the
// sanitizers are not to stop for that.

#pragma once

#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("implicit-conversion"))),                  \
                             apply_to = function)
#endif

#include <oneapi/tbb/global_control.h>  // tidy-allow(third-party): the executor is made of it
#include <oneapi/tbb/parallel_for.h>    // tidy-allow(third-party): as above
#include <oneapi/tbb/parallel_reduce.h> // tidy-allow(third-party): as above
#include <oneapi/tbb/task_arena.h>      // tidy-allow(third-party): as above
#include <oneapi/tbb/task_group.h>      // tidy-allow(third-party): as above
#include <oneapi/tbb/task_scheduler_observer.h> // tidy-allow(third-party): as above

#if defined(__clang__)
#pragma clang attribute pop
#endif
