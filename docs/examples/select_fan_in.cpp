// select_fan_in.cpp — one task listens to two channels, and to a clock that ends it.
//
// What is not taken stays where it is: the item that comes after the end is still there.
//
// Output:
//     1 ms: fast 1
//     2 ms: fast 2
//     3 ms: slow 100
//     4 ms: fast 3
//     6 ms: slow 200
//     8 ms: over
//     still there: 300

#include <eddy/eddy.hpp>

#include <cstdio>
#include <optional>
#include <vector>

using namespace std::chrono_literals;

struct delivery {
    std::chrono::milliseconds when;
    int item;
};

eddy::coro<> source(eddy::channel<int>& to, std::vector<delivery> plan) {
    const auto start = eddy::now();
    for (const delivery& each : plan) {
        co_await eddy::sleep_until(start + each.when);
        co_await to.send(each.item);
    }
}

eddy::coro<> listen(eddy::channel<int>& fast, eddy::channel<int>& slow) {
    const auto start = eddy::now();
    for (bool over = false; !over;) {
        const auto heard =
            co_await eddy::select(fast.receive(), slow.receive(), eddy::sleep_until(start + 8ms));
        const auto ms = (eddy::now() - start) / 1ms;
        switch (heard.index()) {
        case 0:
            std::printf("%d ms: fast %d\n", static_cast<int>(ms), *std::get<0>(heard));
            break;
        case 1:
            std::printf("%d ms: slow %d\n", static_cast<int>(ms), *std::get<1>(heard));
            break;
        default:
            std::printf("%d ms: over\n", static_cast<int>(ms));
            over = true;
        }
    }
}

eddy::coro<> amain() {
    eddy::channel<int> fast(1);
    eddy::channel<int> slow(1);
    auto a = eddy::create_task(source(fast, {{1ms, 1}, {2ms, 2}, {4ms, 3}}));
    auto b = eddy::create_task(source(slow, {{3ms, 100}, {6ms, 200}, {9ms, 300}}));
    co_await listen(fast, slow);
    co_await eddy::gather(a, b);
    std::printf("still there: %d\n", slow.try_receive().value_or(0));
}

int main() {
    eddy::run(amain());
}
