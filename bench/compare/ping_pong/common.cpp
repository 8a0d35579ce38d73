// common.cpp — ping-pong: what every contender needs.

#include "common.hpp"

#include <cerrno>
#include <system_error>

#include <sched.h>

namespace eddy::compare::ping_pong {

namespace {

// Restricts the calling thread, and what it starts.
void stay_on_this_core() {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &only);
    if (::sched_setaffinity(0, sizeof only, &only) < 0) {
        throw std::system_error(errno, std::generic_category(), "sched_setaffinity");
    }
}

} // namespace

void add_round_trip(metrics& found, const std::string& placement, std::uint64_t round_trips,
                    std::uint64_t hits, const meter& time) {
    const auto count = static_cast<double>(round_trips);
    found[placement + "_ns"] = nanoseconds(time.wall()) / count;
    const usage used = time.used();
    found[placement + "_cpu_ns"] = nanoseconds(used.cpu) / count;
    found[placement + "_switches"] = static_cast<double>(used.switches) / count;
    if (hits != 2 * round_trips) {
        throw wrong_result("the ball was not hit once by each side and round");
    }
}

metrics played(void (*play)(metrics& found, const std::string& placement)) {
    metrics found;
    play(found, "any_core");
    stay_on_this_core();
    play(found, "one_core");
    return found;
}

} // namespace eddy::compare::ping_pong
