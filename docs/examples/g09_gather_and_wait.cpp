// g09_gather_and_wait.cpp — five sleeps: gathered, waited for, and only the first one waited for.
//
// The four that are still asleep when first_main returns are cancelled as run() ends.
//
// Output: in any order on several workers
//     gather
//     gather 1: start sleep
//     gather 2: start sleep
//     gather 3: start sleep
//     gather 4: start sleep
//     gather 5: start sleep
//     gather 3: end sleep
//     gather 1: end sleep
//     gather 5: end sleep
//     gather 2: end sleep
//     gather 4: end sleep
//     wait for all
//     all 1: start sleep
//     all 2: start sleep
//     all 3: start sleep
//     all 4: start sleep
//     all 5: start sleep
//     all 3: end sleep
//     all 1: end sleep
//     all 5: end sleep
//     all 2: end sleep
//     all 4: end sleep
//     wait for the first
//     first 1: start sleep
//     first 2: start sleep
//     first 3: start sleep
//     first 4: start sleep
//     first 5: start sleep
//     first 3: end sleep
//     done 1, pending 4
// Forced:
//     gather < gather 3: end sleep < gather 1: end sleep < gather 5: end sleep
//     gather 5: end sleep < gather 2: end sleep
//     gather 4: start sleep < gather 3: end sleep
//     gather 2: end sleep < gather 4: end sleep < wait for all
//     wait for all < all 3: end sleep < all 1: end sleep < all 5: end sleep < all 2: end sleep
//     all 2: end sleep < all 4: end sleep < wait for the first
//     wait for the first < first 5: start sleep < first 3: end sleep < done 1, pending 4

#include <eddy/eddy.hpp>

#include <array>
#include <cstdio>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// A die that always falls the same way, so that every run prints the same.
std::chrono::seconds rnd(int i) {
    constexpr std::array throws{2s, 4s, 1s, 5s, 3s};
    return throws.at(static_cast<std::size_t>(i - 1));
}

eddy::coro<> random_sleep(const char* who, int i) {
    std::printf("%s %d: start sleep\n", who, i);
    co_await eddy::sleep(rnd(i));
    std::printf("%s %d: end sleep\n", who, i);
}

std::vector<eddy::coro<>> five(const char* who) {
    std::vector<eddy::coro<>> v;
    for (int i = 1; i <= 5; ++i) {
        v.push_back(random_sleep(who, i));
    }
    return v;
}

eddy::coro<> gather_main() {
    std::puts("gather");
    co_await eddy::gather(random_sleep("gather", 1), random_sleep("gather", 2),
                          random_sleep("gather", 3), random_sleep("gather", 4),
                          random_sleep("gather", 5));
}

eddy::coro<> all_main() {
    std::puts("wait for all");
    co_await eddy::wait(five("all"), {.when = eddy::return_when::all_completed});
}

eddy::coro<> first_main() {
    std::puts("wait for the first");
    auto [done, pending] =
        co_await eddy::wait(five("first"), {.when = eddy::return_when::first_completed});
    std::printf("done %zu, pending %zu\n", done.size(), pending.size());
}

int main() {
    eddy::run(gather_main());
    eddy::run(all_main());
    eddy::run(first_main());
}
