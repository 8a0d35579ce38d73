// common.hpp — blocking calls: many at once of each kind, as a program makes that has no other API
// for them.
//
// Three kinds return by themselves: 64 KiB of a file that is in the page cache, the name localhost
// (getaddrinfo), and 2 ms of sleep, which stands for a query to a server. A fourth waits for a
// release: meanwhile it is seen what memory a call takes that is under way or in a queue.
//
// Size:     the number of calls of each kind.
// Measured: the time from the first call until all have returned, over the number of calls
//           (file_ns, name_ns, sleep_ns), the memory of each that waits (memory_bytes =
//           user_bytes + kernel_bytes), and the whole (total_ns).
// Valid if: nobody asks what a runtime, a pool or an arena takes to start: they are there before.

#pragma once

#include "../contender.hpp"
#include "../memory.hpp"
#include "../meter.hpp"
#include "../pipe.hpp"

#include <cstdint>
#include <functional>

namespace eddy::compare::blocking {

[[nodiscard]] metrics run_on_loop(const request& asked);
[[nodiscard]] metrics run_thread_pool(const request& asked);
[[nodiscard]] metrics run_process_pool(const request& asked);
[[nodiscard]] metrics run_tbb(const request& asked);
[[nodiscard]] metrics run_threads(const request& asked);
[[nodiscard]] metrics run_processes(const request& asked);

enum class kind : std::uint8_t { file, name, sleep, release };

/// Makes a call of a kind that returns by itself.
///
/// Throws: `wrong_result` if it does not give what it has to.
void make_by_itself(kind which);

/// One blocking call; what a contender makes many of.
class call {
public:
    call(kind which, const pipe& release) noexcept : which_(which), release_(&release) {}

    /// Blocks.
    ///
    /// Throws: `wrong_result` if it does not give what it has to.
    void make() const;

    [[nodiscard]] kind which() const noexcept { return which_; }
    /// The pipe with a byte for each call that is released.
    [[nodiscard]] const pipe& release() const noexcept { return *release_; }

private:
    kind which_;
    const pipe* release_;
};

/// Makes a call `count` times at once, in the way of a model, and returns when all have returned.
using caller = std::function<void(std::uint64_t count, const call& what)>;

/// Made first, so that whatever the contender starts is in the memory.
class record {
public:
    [[nodiscard]] metrics of(std::uint64_t calls, const caller& make_all);

private:
    void add_waiting(std::uint64_t calls, const caller& make_all);
    void add_time(const char* metric, kind which, std::uint64_t calls, const caller& make_all);

    metrics found_;
    memory before_ = memory::now();
    meter time_;
    pipe release_;
};

} // namespace eddy::compare::blocking
