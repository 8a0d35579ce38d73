// burn.cpp — computing for as long as one likes.

#include "burn.hpp"

#include <cstdint>
#include <ctime>

namespace eddy::compare {

std::chrono::nanoseconds cpu_of_this_thread() noexcept {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void burn(std::chrono::nanoseconds cpu) {
    constexpr int steps_between_looks = 2000; // some microseconds: looking is a system call
    const auto end = cpu_of_this_thread() + cpu;
    volatile std::uint64_t value = 1; // volatile: the optimiser must not see that nobody wants it
    while (cpu_of_this_thread() < end) {
        for (int i = 0; i < steps_between_looks; ++i) {
            value = value * 6364136223846793005U + 1442695040888963407U;
        }
    }
}

} // namespace eddy::compare
