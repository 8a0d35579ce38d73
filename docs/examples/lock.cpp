// lock.cpp — what must not change between two awaits is guarded by a lock, on one worker too.
//
// Shows:     lock, its guard, condition.
// Output:
//   without a lock: 1 of 3 deposits arrived
//   with a lock: 3 of 3 deposits arrived
//   paid out when there was enough: 0 left

#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

struct account {
    std::atomic<int> balance{0};
    eddy::lock gate;
    eddy::condition changed{gate};
};

// The others see the same balance, and all of them write the same new one.
eddy::coro<> deposit_carelessly(account& to) {
    const int seen = to.balance;
    co_await eddy::sleep(1ms); // asks somebody
    to.balance = seen + 1;
}

eddy::coro<> deposit(account& to) {
    const auto held = co_await to.gate.acquire();
    const int seen = to.balance;
    co_await eddy::sleep(1ms);
    to.balance = seen + 1;
    to.changed.notify_all();
}

eddy::coro<> withdraw(account& from, int amount) {
    auto held = co_await from.gate.acquire();
    co_await from.changed.wait_for(held, [&] { return from.balance >= amount; });
    from.balance -= amount;
}

eddy::coro<> amain() {
    account careless;
    co_await eddy::gather(deposit_carelessly(careless), deposit_carelessly(careless),
                          deposit_carelessly(careless));
    std::printf("without a lock: %d of 3 deposits arrived\n", careless.balance.load());

    account careful;
    co_await eddy::gather(deposit(careful), deposit(careful), deposit(careful));
    std::printf("with a lock: %d of 3 deposits arrived\n", careful.balance.load());

    co_await eddy::gather(withdraw(careful, 4), deposit(careful));
    std::printf("paid out when there was enough: %d left\n", careful.balance.load());
}

int main() {
    eddy::run(amain());
}
