// g14_async_iterators.cpp — an asynchronous iterator as a class, and as a generator.
//
// Output:
//     Hey, Andrey!
//     wait for Andrey 2c
//     Hey, Alex!
//     wait for Alex 4c
//     Hey, Artem!
//     wait for Artem 1c
//     Hey, Igor!
//     wait for Igor 5c
//     Hey, Andrey!
//     wait for Andrey
//     Hey, Alex!
//     wait for Alex
//     14.0 s

#include <eddy/eddy.hpp>

#include <array>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// A die that always falls the same way, so that every run prints the same.
int rnd(std::size_t throw_number) {
    constexpr std::array throws{2, 4, 1, 5, 3};
    return throws.at(throw_number);
}

struct crowd { // a class with next() is an async iterator
    std::vector<std::string> people;
    std::size_t i = 0;

    eddy::coro<std::optional<std::string>> next() {
        if (i >= people.size()) {
            co_return std::nullopt;
        }
        const int d = rnd(i);
        const std::string human = people[i++];
        std::cout << "Hey, " << human << "!\n";
        co_await eddy::sleep(std::chrono::seconds(d));
        co_return "wait for " + human + " " + std::to_string(d) + "c";
    }
};

eddy::async_generator<std::string> crowd_gen(std::vector<std::string> people) {
    for (const auto& h : people) {
        std::cout << "Hey, " << h << "!\n";
        co_await eddy::sleep(1s);
        co_yield "wait for " + h;
    }
}

eddy::coro<> amain() {
    const auto start = eddy::now();
    crowd c{{"Andrey", "Alex", "Artem", "Igor"}};
    // clang-format off
    EDDY_FOR(auto s, c) std::cout << s << '\n';
    // clang-format on
    auto g = crowd_gen({"Andrey", "Alex"});
    while (auto s = co_await g.next()) {
        std::cout << *s << '\n';
    }
    std::cout.flush();
    std::printf("%.1f s\n", std::chrono::duration<double>(eddy::now() - start).count());
}

int main() {
    eddy::run(amain());
}
