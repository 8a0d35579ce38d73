// tbb_headers.hpp — what the tests use of oneTBB; what it counts with wraps round on purpose, and
// the sanitizers are not to stop for that.

#pragma once

#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("implicit-conversion"))),                  \
                             apply_to = function)
#endif

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/parallel_for.h>

#if defined(__clang__)
#pragma clang attribute pop
#endif
