// lazy_adaptors.cpp — map, filter, take, enumerate, zip and chunks, over a range and over what is
// awaited: an item is made when it is asked for.
//
// Output:
//     even squares: 0 4 16
//     0: Andrey, 31
//     1: Alex, 27
//     pages of two: [1 2] [3 4] [5]
//     the source was asked for 5 readings, and closed

#include <eddy/eddy.hpp>

#include <cstdio>
#include <string>
#include <vector>

using namespace std::chrono_literals;
namespace lazy = eddy::lazy;

// Of a range: a generator, for range-for.
void ranges() {
    const auto even = [](int number) { return number % 2 == 0; };
    const auto square = [](int number) { return number * number; };
    std::string line = "even squares:";
    for (const int number :
         lazy::take(lazy::map(lazy::filter(std::vector{0, 1, 2, 3, 4, 5, 6}, even), square), 3)) {
        line += " " + std::to_string(number);
    }
    std::puts(line.c_str());
    const std::vector<std::string> names{"Andrey", "Alex"};
    const std::vector<int> ages{31, 27};
    for (const auto& [index, pair] : lazy::enumerate(lazy::zip(names, ages))) {
        const auto& [name, age] = pair;
        std::printf("%zu: %s, %d\n", index, name.c_str(), age);
    }
}

eddy::async_generator<int> readings(int& asked) {
    for (int number = 1;; ++number) {
        asked = number;
        co_await eddy::sleep(1s); // a sensor
        co_yield number;
    }
}

// Of what is awaited: the functions may await, too.
eddy::coro<> awaited() {
    int asked = 0;
    std::string line = "pages of two:";
    EDDY_FOR(const auto page, lazy::chunks(lazy::take(readings(asked), 5), 2)) {
        std::string text;
        for (const int number : page) {
            text += (text.empty() ? "" : " ") + std::to_string(number);
        }
        line += " [" + text + "]";
    }
    std::puts(line.c_str());
    std::printf("the source was asked for %d readings, and closed\n", asked);
}

int main() {
    ranges();
    eddy::run(awaited());
}
