// g13_generator.cpp — a synchronous generator: one value after the other, when it is asked for.
//
// Output:
//     1
//     2
//     3
//     4
//     5

#include <eddy/core/generator.hpp>

#include <iostream>

eddy::generator<int> count(int limit) {
    for (int i = 1; i <= limit; ++i) {
        co_yield i;
    }
}

int main() {
    for (int i : count(5)) {
        std::cout << i << '\n';
    }
    return 0;
}
