// worker_main.hpp — what a worker process does instead of main.
//
// Design:     docs/design/process_pool.md

#pragma once

#include <eddy/base/export.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace eddy::inline v0 {

/// How a worker reaches its pool: numbers of descriptors that are open in it, and of the process
/// that waits for it.
struct worker_address {
    int memory = -1;
    int pipe = -1; // a byte wakes it, the end of the file ends it
    int bell = -1; // an eventfd of the pool's
    int parent = 0;
    std::size_t ring_bytes = 0;

    [[nodiscard]] std::string text() const;
    [[nodiscard]] static std::optional<worker_address> parse(std::string_view text);
};

} // namespace eddy::inline v0

/// Serves the pool that has started this process; gives the exit status. Found by its name by
/// libeddy_worker.so.
extern "C" EDDY_API int eddy_worker_main();
