// semaphore_limit.cpp — at most two at a time, and those who are tired of waiting leave the queue.
//
// Shows:     semaphore, its guard, a limit on a wait.
// Output:
//   six downloads, two at a time: 3 s
//   gave up: there were still 0 free
//   all of them back: 2 free

#include <eddy/eddy.hpp>

#include <chrono>
#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

eddy::coro<> download(eddy::semaphore& slots) {
    const auto slot = co_await slots.acquire();
    co_await eddy::sleep(1s);
    // the slot is given back when the scope ends, whether it returns, throws or is cancelled
}

eddy::coro<> amain() {
    eddy::semaphore slots(2);
    std::vector<eddy::coro<>> downloads;
    for (int i = 0; i != 6; ++i) {
        downloads.push_back(download(slots));
    }
    const auto start = eddy::now();
    co_await eddy::gather(std::move(downloads));
    std::printf("six downloads, two at a time: %lld s\n",
                static_cast<long long>((eddy::now() - start) / 1s));

    auto both = co_await slots.acquire(2);
    const auto slot = co_await eddy::as_result(eddy::wait_for(slots.acquire(), 50ms));
    if (slot.holds<eddy::timeout_error>()) {
        std::printf("gave up: there were still %u free\n", slots.value_hint());
    }
    both.release();
    std::printf("all of them back: %u free\n", slots.value_hint());
}

int main() {
    eddy::run(amain());
}
