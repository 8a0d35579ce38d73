// queue_stress.cpp — queues, channels and selects between many workers and foreign threads, while
// tasks are cancelled at random.
//
// Covers:    queue, priority_queue, channel; put, get, select, wait_for, try_*, blocking ends with
//            and without limits; selects of two pipes, a timer, an event and a task; broadcast.
// Expect:    what was put, by the word of who put it, is got exactly once; what a cancelled or late
//            put had is not; nobody waits for ever; nothing leaks.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

namespace {

using stress::scaled;

/// An item that cannot be copied, and that ASan knows when it is used twice.
class parcel {
public:
    explicit parcel(std::size_t number) : number_(std::make_unique<std::size_t>(number)) {}
    [[nodiscard]] std::size_t number() const { return *number_; }
    friend bool operator<(const parcel& a, const parcel& b) { return *a.number_ < *b.number_; }

private:
    std::unique_ptr<std::size_t> number_;
};

/// Who says what became of each item.
class ledger {
public:
    explicit ledger(std::size_t items) : put_(items), got_(items), left_(items) {}

    void put(std::size_t number) {
        put_[number].fetch_add(1);
        left_.fetch_sub(1);
    }
    [[nodiscard]] bool all_put() const { return left_.load() == 0; }
    void got(const parcel& item) { got_[item.number()].fetch_add(1); }
    [[nodiscard]] std::size_t items() const { return put_.size(); }

    void check() const {
        std::size_t lost = 0;
        std::size_t doubled = 0;
        for (std::size_t i = 0; i != put_.size(); ++i) {
            EXPECT_EQ(put_[i].load(), 1) << "item " << i;
            lost += got_[i].load() == 0 ? 1 : 0;
            doubled += got_[i].load() > 1 ? 1 : 0;
        }
        EXPECT_EQ(lost, 0U);
        EXPECT_EQ(doubled, 0U);
    }

private:
    std::vector<std::atomic<int>> put_;
    std::vector<std::atomic<int>> got_;
    std::atomic<std::size_t> left_;
};

/// A queue and a channel by the same names.
template <class Queue>
struct queue_pipe {
    Queue queue;

    explicit queue_pipe(std::size_t bound) : queue(bound) {}
    auto put(parcel item) { return queue.put(std::move(item)); }
    auto get() { return queue.get(); }
    bool try_put(parcel&& item) { return queue.try_put(std::move(item)); }
    std::optional<parcel> try_get() { return queue.try_get(); }
    void put_blocking(parcel item, eddy::blocking::limit limit) {
        eddy::blocking::put(queue, std::move(item), limit);
    }
    std::optional<parcel> get_blocking(eddy::blocking::limit limit) {
        try {
            return eddy::blocking::get(queue, limit);
        } catch (const eddy::queue_shut_down&) {
            return std::nullopt;
        }
    }
    void close() { queue.shutdown(); }
};
struct channel_pipe {
    eddy::channel<parcel> channel;

    explicit channel_pipe(std::size_t bound) : channel(bound) {}
    auto put(parcel item) { return channel.send(std::move(item)); }
    auto get() { return channel.receive(); }
    bool try_put(parcel&& item) { return channel.try_send(std::move(item)); }
    std::optional<parcel> try_get() { return channel.try_receive(); }
    void put_blocking(parcel item, eddy::blocking::limit limit) {
        eddy::blocking::send(channel, std::move(item), limit);
    }
    std::optional<parcel> get_blocking(eddy::blocking::limit limit) {
        return eddy::blocking::receive(channel, limit);
    }
    void close() { channel.close(); }
};

using fifo = queue_pipe<eddy::queue<parcel>>;
using heap = queue_pipe<eddy::priority_queue<parcel>>;

enum class verdict : std::uint8_t { again, item, end };

// What a get gave: an item, or a reason to go on or not.
verdict look(ledger& book, const eddy::outcome<parcel>& result) {
    if (result) {
        book.got(*result);
        return verdict::item;
    }
    return result.holds<eddy::queue_shut_down>() ? verdict::end : verdict::again;
}
verdict look(ledger& book, const eddy::outcome<std::optional<parcel>>& result) {
    if (!result) {
        return verdict::again;
    }
    if (!*result) {
        return verdict::end;
    }
    book.got(**result);
    return verdict::item;
}
// The same for the case of a select.
verdict look(ledger& book, const parcel& item) {
    book.got(item);
    return verdict::item;
}
verdict look(ledger& book, const std::optional<parcel>& item) {
    if (item) {
        book.got(*item);
    }
    return item ? verdict::item : verdict::end;
}

/// Producers and consumers of two pipes, tasks and threads, and who cancels the tasks.
template <class Pipe>
class market {
public:
    market(std::size_t items, std::size_t bound)
        : book(items), first(bound), second(2 * bound), seed_(eddy::process_seed()) {}

    // One of `of` producers: puts its share, whatever comes in between.
    eddy::coro<> produce(std::size_t index, std::size_t of) {
        producing.fetch_add(1);
        auto random = fresh_random();
        for (std::size_t number = index; number < book.items(); number += of) {
            Pipe& to = number % 2 == 0 ? first : second;
            while (!co_await put_once(to, number, random)) {
            }
            book.put(number);
        }
    }
    void produce_blocking(std::size_t index, std::size_t of) {
        auto random = fresh_random();
        for (std::size_t number = index; number < book.items(); number += of) {
            Pipe& to = number % 2 == 0 ? first : second;
            for (bool put = false; !put;) {
                try {
                    to.put_blocking(parcel(number), random.below(4) == 0
                                                        ? eddy::blocking::limit(20us)
                                                        : eddy::blocking::limit());
                    put = true;
                } catch (const eddy::timeout_error&) {
                }
            }
            book.put(number);
        }
    }

    eddy::coro<> consume(Pipe& from) {
        auto random = fresh_random();
        for (auto seen = verdict::again; seen != verdict::end;) {
            switch (random.below(4)) {
            case 0:
                seen = look(book, co_await eddy::as_result(eddy::wait_for(from.get(), 30us)));
                break;
            case 1:
                if (auto item = from.try_get()) {
                    book.got(*item);
                }
                (void)co_await eddy::as_result(eddy::yield());
                break;
            default:
                seen = look(book, co_await eddy::as_result(from.get()));
            }
        }
    }
    // From both, until both have ended.
    eddy::coro<> consume_by_select() {
        auto random = fresh_random();
        auto tick = [](std::uint64_t us) -> eddy::coro<> {
            (void)co_await eddy::as_result(eddy::sleep(std::chrono::microseconds(us)));
        };
        auto clock = eddy::create_task(tick(50));
        for (auto seen = verdict::again; seen != verdict::end;) {
            if (clock.done()) {
                clock = eddy::create_task(tick(random.below(100)));
            }
            seen = random.below(2) == 0
                       ? choose(co_await eddy::as_result(eddy::select(
                             first.get(), second.get(), bell.wait(),
                             eddy::sleep(std::chrono::microseconds(random.below(40))), clock)))
                       : choose(co_await eddy::as_result(eddy::select(
                             clock, eddy::sleep(std::chrono::microseconds(random.below(40))),
                             bell.wait(), second.get(), first.get())));
        }
        (void)co_await eddy::as_result(clock);
    }
    void consume_blocking(Pipe& from) {
        auto random = fresh_random();
        for (;;) {
            try {
                const auto item = from.get_blocking(
                    random.below(2) == 0 ? eddy::blocking::limit(10us) : eddy::blocking::limit());
                if (!item) {
                    return;
                }
                book.got(*item);
            } catch (const eddy::timeout_error&) {
            }
        }
    }

    eddy::coro<> cancel_at_random(const std::vector<eddy::task<>>& victims) {
        auto random = fresh_random();
        while (!over.load()) {
            for (int i = 0; i != 3; ++i) {
                victims[random.below(victims.size())].cancel();
            }
            bell.set();
            bell.clear();
            co_await eddy::sleep(std::chrono::microseconds(random.below(50)));
        }
    }

    // Everything was put and both pipes are closed: one may have ended and the other one not.
    verdict take_the_rest() {
        for (Pipe* from : {&first, &second}) {
            while (auto item = from->try_get()) {
                book.got(*item);
            }
        }
        return verdict::end;
    }

    ledger book;
    Pipe first;
    Pipe second;
    eddy::event bell; // rings now and then, for the selects
    std::atomic<std::size_t> producing{0};
    std::atomic<bool> closed{false};
    std::atomic<bool> over{false};

private:
    eddy::random_source fresh_random() { return eddy::random_source(seed_, streams_.fetch_add(1)); }

    eddy::coro<bool> put_once(Pipe& to, std::size_t number, eddy::random_source& random) {
        switch (random.below(4)) {
        case 0:
            co_return !(co_await eddy::as_result(eddy::wait_for(to.put(parcel(number)), 20us)))
                .error();
        case 1: {
            parcel mine(number);
            const bool put = to.try_put(std::move(mine));
            if (!put) {
                EXPECT_EQ(mine.number(), number); // it was not moved
            }
            (void)co_await eddy::as_result(eddy::yield());
            co_return put;
        }
        default:
            co_return !(co_await eddy::as_result(to.put(parcel(number)))).error();
        }
    }

    template <typename Result>
    verdict choose(const eddy::outcome<Result>& result) {
        if (!result) { // cancelled, or one of the pipes was shut down
            return closed.load() ? take_the_rest() : verdict::again;
        }
        return std::visit([this](const auto& value) { return this->of_case(value); }, *result);
    }
    static verdict of_case(const std::monostate& /*a sleep, the task, the event*/) {
        return verdict::again;
    }
    template <typename Item>
    verdict of_case(const Item& item) {
        return look(book, item) == verdict::item ? verdict::item : take_the_rest();
    }

    std::uint64_t seed_;
    std::atomic<std::uint64_t> streams_{0};
};

template <class Pipe>
eddy::coro<> trade(market<Pipe>& place, std::size_t producers, std::size_t producing_threads) {
    const std::size_t of = producers + producing_threads;
    std::vector<eddy::task<>> tasks;
    for (std::size_t i = 0; i != producers; ++i) {
        tasks.push_back(eddy::create_task(place.produce(i, of)));
    }
    for (int i = 0; i != 4; ++i) {
        tasks.push_back(eddy::create_task(place.consume(place.first)));
        tasks.push_back(eddy::create_task(place.consume(place.second)));
        tasks.push_back(eddy::create_task(place.consume_by_select()));
    }
    while (place.producing.load() != producers) { // a task that is cancelled before never starts
        co_await eddy::yield();
    }
    auto canceller = eddy::create_task(place.cancel_at_random(tasks));
    while (!place.book.all_put()) {
        co_await eddy::sleep(1ms);
    }
    place.closed = true;
    place.first.close();
    place.second.close();
    (void)co_await eddy::wait(tasks);
    place.over = true;
    co_await canceller;
}

template <class Pipe>
void run_market(std::size_t items, std::size_t bound, unsigned workers) {
    constexpr std::size_t producers = 4;
    constexpr std::size_t producing_threads = 2;
    market<Pipe> place(items, bound);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i != producing_threads; ++i) {
        threads.emplace_back(
            [&place, i] { place.produce_blocking(producers + i, producers + producing_threads); });
    }
    threads.emplace_back([&place] { place.consume_blocking(place.first); });
    threads.emplace_back([&place] { place.consume_blocking(place.second); });
    eddy::run(trade(place, producers, producing_threads), {.workers = workers});
    for (std::thread& each : threads) {
        each.join();
    }
    place.take_the_rest();
    place.book.check();
}

class queue_stress : public stress::stress_case {};

TEST_F(queue_stress, a_bounded_queue_on_8_workers) {
    run_market<fifo>(scaled(200'000), 4, 8);
}
TEST_F(queue_stress, an_unbounded_queue_on_16_workers) {
    run_market<fifo>(scaled(200'000), 0, 16);
}
TEST_F(queue_stress, a_priority_queue_on_8_workers) {
    run_market<heap>(scaled(200'000), 8, 8);
}
TEST_F(queue_stress, a_channel_of_one_on_8_workers) {
    run_market<channel_pipe>(scaled(200'000), 1, 8);
}
TEST_F(queue_stress, a_channel_with_room_on_32_workers) {
    run_market<channel_pipe>(scaled(200'000), 64, 32);
}

// Every subscriber gets every item in order, or is told how many are missing.
TEST_F(queue_stress, a_broadcast_on_8_workers) {
    const auto items = static_cast<std::int64_t>(scaled(100'000));
    eddy::broadcast<std::int64_t> all(64);
    auto listen = [](eddy::subscription<std::int64_t> heard, std::int64_t items) -> eddy::coro<> {
        std::int64_t expected = 0;
        for (;;) {
            const auto result = co_await eddy::as_result(heard.receive());
            if (result && !*result) {
                break;
            }
            if (result) {
                EXPECT_EQ(**result, expected);
                ++expected;
                continue;
            }
            try {
                std::rethrow_exception(result.error());
            } catch (const eddy::broadcast_lagged& lag) {
                expected += static_cast<std::int64_t>(lag.missed());
            } catch (const eddy::cancelled_error&) { // and on
            }
        }
        EXPECT_EQ(expected, items);
    };
    auto amain = [&]() -> eddy::coro<> {
        std::vector<eddy::task<>> listeners;
        for (int i = 0; i != 8; ++i) {
            listeners.push_back(eddy::create_task(listen(all.subscribe(), items)));
        }
        eddy::random_source random(eddy::process_seed());
        for (std::int64_t i = 0; i != items; ++i) {
            all.send(i);
            if (random.below(16) == 0) {
                listeners[random.below(listeners.size())].cancel();
                co_await eddy::yield();
            }
        }
        all.close();
        (void)co_await eddy::wait(listeners);
    };
    eddy::run(amain(), {.workers = 8});
}

} // namespace
