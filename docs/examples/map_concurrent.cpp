// map_concurrent.cpp — a thousand pages, eight at a time, in order.
//
// Shows:     map_concurrent over a range that is made on the way; its first failure ends it.
// Output:
//   1000 sizes, the last one 99, in 2 s
//   never more than 8 at a time
//   page 13 is not there

#include <eddy/eddy.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ranges>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

class server {
public:
    eddy::coro<int> size_of(int page) {
        const int inside = inside_.fetch_add(1) + 1;
        int most = most_.load();
        while (inside > most && !most_.compare_exchange_weak(most, inside)) {
        }
        co_await eddy::sleep(16ms);
        inside_.fetch_sub(1);
        co_return page % 100;
    }
    [[nodiscard]] int most() const { return most_.load(); }

private:
    std::atomic<int> inside_{0};
    std::atomic<int> most_{0};
};

eddy::coro<> amain() {
    server pages;
    const auto start = eddy::now();
    const auto sizes = co_await eddy::map_concurrent(
        std::views::iota(0, 1000), 8, [&pages](int page) { return pages.size_of(page); });
    const auto took = std::chrono::round<std::chrono::seconds>(eddy::now() - start);
    std::printf("%zu sizes, the last one %d, in %ld s\n", sizes.size(), sizes.back(),
                static_cast<long>(took.count()));
    std::printf("never more than %d at a time\n", pages.most());

    auto broken = [](int page) -> eddy::coro<> {
        co_await eddy::yield();
        if (page == 13) {
            throw std::runtime_error("page 13 is not there");
        }
    };
    try {
        co_await eddy::map_concurrent(std::views::iota(0, 1000), 8, broken);
    } catch (const std::runtime_error& error) {
        std::printf("%s\n", error.what());
    }
}

int main() {
    eddy::run(amain());
}
