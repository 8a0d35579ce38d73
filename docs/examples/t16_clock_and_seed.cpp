// t16_clock_and_seed.cpp — a program whose time and chances can be repeated: the clock is the
// runtime's, the dice come from a seed.
//
// With `virtual_time` a day takes no time. A program that is not a test takes
// eddy::process_seed(): random, unless EDDY_SEED says what it was in the run to be repeated.
//
// Output:
//     the same seed, the same day: yes
//     another seed, another day: yes
//     hours: 24

#include <eddy/base/random.hpp>
#include <eddy/eddy.hpp>

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

using namespace std::chrono_literals;

// Customers come after random pauses, and are served in a random time, until the day is over.
eddy::coro<std::string> day(std::uint64_t seed) {
    eddy::random_source dice(seed);
    const auto opened = eddy::now();
    std::string log;
    while (eddy::now() - opened < 24h) {
        co_await eddy::sleep(std::chrono::minutes(1 + dice.below(120)));
        const auto arrived = eddy::now() - opened;
        co_await eddy::sleep(std::chrono::seconds(30 + dice.below(300)));
        log += std::to_string(arrived / 1min) + " ";
    }
    co_return log;
}

eddy::coro<long> hours_of_a_day() {
    const auto start = eddy::now();
    co_await eddy::sleep(24h);
    co_return static_cast<long>((eddy::now() - start) / 1h);
}

template <typename T>
T in_virtual_time(eddy::coro<T> program) {
    return eddy::run(std::move(program), {.virtual_time = true});
}

int main() {
    const std::uint64_t seed = eddy::process_seed();
    const std::string today = in_virtual_time(day(seed));
    std::printf("the same seed, the same day: %s\n",
                in_virtual_time(day(seed)) == today ? "yes" : "no");
    std::printf("another seed, another day: %s\n",
                in_virtual_time(day(seed + 1)) != today ? "yes" : "no");
    std::printf("hours: %ld\n", in_virtual_time(hours_of_a_day()));
}
