// common.cpp — mixed: what every contender needs.

#include "common.hpp"

#include "../burn.hpp"

#include <thread>

namespace eddy::compare::mixed {

void blocking_job() {
    burn(burn_time / 2);
    std::this_thread::sleep_for(block_time);
    burn(burn_time / 2);
}

} // namespace eddy::compare::mixed
