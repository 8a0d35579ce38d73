// waiting_together.cpp — what tasks wait for each other by: an event, a condition, a barrier, a
// latch, a lock for many readers.
//
// Output:
//     nobody waits for the event in vain: 3 went on
//     the condition: 5 items are there
//     the barrier: all had come before anybody went on
//     the latch: 3 of 3 are done
//     read at the same time by 3, then written

#include <eddy/eddy.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

eddy::coro<> wait_for_start() {
    eddy::event started;
    std::atomic<int> went_on = 0;
    const auto runner = [&]() -> eddy::coro<> {
        co_await started.wait();
        ++went_on;
    };
    auto runners = eddy::gather(runner(), runner(), runner());
    started.set();
    co_await std::move(runners);
    std::printf("nobody waits for the event in vain: %d went on\n", went_on.load());
}

eddy::coro<> wait_until_five() {
    eddy::condition changed; // with a lock of its own
    int items = 0;           // that lock guards it
    auto producer = eddy::create_task([&]() -> eddy::coro<> {
        for (int i = 0; i != 5; ++i) {
            const auto held = co_await changed.acquire();
            ++items;
            changed.notify();
        }
    });
    {
        auto held = co_await changed.acquire();
        co_await changed.wait_for(held, [&] { return items == 5; });
        std::printf("the condition: %d items are there\n", items);
    }
    co_await producer;
}

eddy::coro<> wait_for_all() {
    eddy::barrier all(3);
    std::atomic<int> come = 0;
    std::atomic<int> least_seen = 3;
    const auto member = [&](std::chrono::milliseconds late) -> eddy::coro<> {
        co_await eddy::sleep(late);
        ++come;
        (void)co_await all.wait(); // gives each another number
        least_seen = std::min(least_seen.load(), come.load());
    };
    co_await eddy::gather(member(1ms), member(2ms), member(3ms));
    std::printf("the barrier: %s\n",
                least_seen == 3 ? "all had come before anybody went on" : "somebody was too early");
}

eddy::coro<> wait_until_done() {
    eddy::latch missing(3);
    std::atomic<int> done = 0;
    std::vector<eddy::task<>> workers;
    for (int i = 0; i != 3; ++i) {
        workers.push_back(eddy::create_task([&]() -> eddy::coro<> {
            co_await eddy::sleep(1ms);
            ++done;
            missing.count_down();
        }));
    }
    co_await missing.wait();
    std::printf("the latch: %d of 3 are done\n", done.load());
    co_await eddy::gather(workers);
}

eddy::coro<> read_and_write() {
    eddy::rw_lock gate;
    std::atomic<int> readers = 0;
    std::atomic<int> most = 0;
    bool written = false; // gate guards it
    const auto reader = [&]() -> eddy::coro<> {
        const auto held = co_await gate.shared();
        const int now = ++readers;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        co_await eddy::sleep(1ms);
        --readers;
    };
    const auto writer = [&]() -> eddy::coro<> {
        co_await eddy::sleep(500us);
        const auto held = co_await gate.exclusive(); // after the readers that hold it
        written = readers == 0;
    };
    co_await eddy::gather(reader(), reader(), reader(), writer());
    std::printf("read at the same time by %d, then %s\n", most.load(),
                written ? "written" : "disturbed");
}

eddy::coro<> amain() {
    co_await wait_for_start();
    co_await wait_until_five();
    co_await wait_for_all();
    co_await wait_until_done();
    co_await read_and_write();
}

int main() {
    eddy::run(amain());
}
