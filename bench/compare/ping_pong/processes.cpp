// processes.cpp — ping-pong between two processes over two pipes.

#include "../child.hpp"
#include "../pipe.hpp"
#include "common.hpp"

namespace eddy::compare::ping_pong {

namespace {

void play(metrics& found, const std::string& placement) {
    pipe there;
    pipe back;
    const meter time;
    child other([&] {
        for (std::uint64_t i = 0; i < kernel_round_trips; ++i) {
            back.write(there.read<std::uint64_t>() + 1);
        }
    });
    std::uint64_t ball = 0;
    for (std::uint64_t i = 0; i < kernel_round_trips; ++i) {
        there.write(ball);
        ball = back.read<std::uint64_t>();
    }
    other.join();
    add_round_trip(found, placement, kernel_round_trips, 2 * ball, time);
}

} // namespace

metrics run_processes(const request&) {
    return played(play);
}

} // namespace eddy::compare::ping_pong
