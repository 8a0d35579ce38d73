// chaos_stress.cpp — random programs on too many workers, while foreign threads cancel, set
// promises and break them.
//
// Covers:    create_task (plain, pinned, eager, on a strand, dropped), gather of coroutines and of
//            tasks, wait, wait_for and timeout with tiny limits, shield, as_result, as_completed,
//            sleep, yield, pipes, promises set from foreign threads, exceptions, cancels of random
//            tasks from foreign threads and from tasks; a thread that reads all await chains.
// Expect:    each body that began has ended when its run is over, and once; children of a gather
//            have ended when it returns or throws; what wait_for ran has ended when it returns; an
//            awaited task is done; results are the right ones; done callbacks come once; nothing
//            leaks.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>
#include <eddy/io/fd.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using stress::scaled;
using stress::stress_case;

struct planned_error : std::runtime_error {
    planned_error() : std::runtime_error("planned") {}
};

/// Promises that tasks wait for and a foreign thread sets.
class promise_setter {
public:
    explicit promise_setter(std::uint64_t seed) : random_(seed, 1), thread_([this] { run(); }) {}
    ~promise_setter() {
        over_.store(true);
        thread_.join();
    }
    promise_setter(const promise_setter&) = delete;
    promise_setter& operator=(const promise_setter&) = delete;

    eddy::future<int> ask() {
        eddy::promise<int> made;
        eddy::future<int> answer = made.get_future();
        const std::lock_guard hold(lock_);
        asked_.push_back(std::move(made));
        return answer;
    }

private:
    void run() {
        while (!over_.load()) {
            std::vector<eddy::promise<int>> mine;
            {
                const std::lock_guard hold(lock_);
                mine.swap(asked_);
            }
            for (eddy::promise<int>& each : mine) {
                switch (random_.below(6)) {
                case 0:
                    each.set_exception(std::make_exception_ptr(planned_error()));
                    break;
                case 1: // broken when `mine` goes
                    break;
                default:
                    each.set_value(7);
                }
            }
            mine.clear();
            std::this_thread::sleep_for(std::chrono::microseconds(random_.below(200)));
        }
    }

    eddy::random_source random_;
    std::mutex lock_;
    std::vector<eddy::promise<int>> asked_;
    std::atomic<bool> over_{false};
    std::thread thread_;
};

/// The tasks that foreign threads cancel, and what all tasks count.
class world {
public:
    explicit world(std::uint64_t seed) : seed_(seed), setter(seed) {}

    eddy::random_source fresh_random() { return eddy::random_source(seed_, streams_.fetch_add(1)); }

    void enlist(const eddy::any_task& task) {
        created.fetch_add(1);
        task.add_done_callback([this](const eddy::any_task& finished) {
            EXPECT_TRUE(finished.done());
            called_back.fetch_add(1);
        });
        const std::lock_guard hold(lock_);
        known_.push_back(task);
        if (known_.size() > 256) {
            known_.erase(known_.begin(), known_.begin() + 128);
        }
    }
    bool cancel_one(eddy::random_source& random) {
        eddy::any_task chosen;
        {
            const std::lock_guard hold(lock_);
            if (known_.empty()) {
                return false;
            }
            chosen = known_[random.below(known_.size())];
        }
        return random.below(4) == 0 ? chosen.cancel("by chance") : chosen.cancel();
    }
    void forget_all() {
        const std::lock_guard hold(lock_);
        known_.clear();
    }

private:
    std::uint64_t seed_;
    std::atomic<std::uint64_t> streams_{100};
    std::mutex lock_;
    std::vector<eddy::any_task> known_;

public:
    promise_setter setter;
    eddy::strand line;
    std::atomic<int> on_line{0};
    std::atomic<long> began{0};
    std::atomic<long> ended{0};
    std::atomic<long> created{0};
    std::atomic<long> called_back{0};
    std::atomic<bool> over{false};
};

/// Counts a body, for the world and for whoever waits for it.
class presence {
public:
    presence(world& of, std::atomic<int>* here) : world_(of), here_(here) {
        world_.began.fetch_add(1);
        if (here_ != nullptr) {
            here_->fetch_add(1);
        }
    }
    ~presence() {
        world_.ended.fetch_add(1);
        if (here_ != nullptr) {
            here_->fetch_sub(1);
        }
    }
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;

private:
    world& world_;
    std::atomic<int>* here_;
};

using eddy::coro;

coro<int> body(world& in, int depth, int value, std::atomic<int>* here);

eddy::task<int> spawn(world& in, eddy::random_source& random, int depth, int value) {
    eddy::task<int> made =
        eddy::create_task(body(in, depth, value, nullptr),
                          {.pinned = random.below(8) == 0, .eager = random.below(8) == 0});
    in.enlist(made);
    return made;
}

coro<int> strand_body(world& in, int value) {
    const presence counted(in, nullptr);
    for (int i = 0; i != 4; ++i) {
        EXPECT_EQ(in.on_line.fetch_add(1), 0);
        in.on_line.fetch_sub(1);
        co_await eddy::yield();
    }
    co_return value;
}

coro<> step_gather(world& in, eddy::random_source& random, int depth) {
    std::atomic<int> live{0};
    const auto count = static_cast<int>(1 + random.below(5));
    std::vector<coro<int>> children;
    for (int i = 0; i != count; ++i) {
        children.push_back(body(in, depth - 1, i, &live));
    }
    auto got = co_await eddy::as_result(eddy::gather(std::move(children)));
    EXPECT_EQ(live.load(), 0);
    if (got) {
        for (int i = 0; i != count; ++i) {
            EXPECT_EQ((*got)[static_cast<std::size_t>(i)], i);
        }
    }
    (void)std::move(got).value();
}

coro<> step_gather_pair(world& in, int depth) {
    std::atomic<int> live{0};
    auto got = co_await eddy::as_result(
        eddy::gather(body(in, depth - 1, 1, &live), body(in, depth - 1, 2, &live)));
    EXPECT_EQ(live.load(), 0);
    const auto [one, two] = std::move(got).value();
    EXPECT_EQ(one, 1);
    EXPECT_EQ(two, 2);
}

coro<> step_tasks(world& in, eddy::random_source& random, int depth) {
    std::vector<eddy::task<int>> tasks;
    for (int i = 0; i != 3; ++i) {
        tasks.push_back(spawn(in, random, depth - 1, i));
    }
    switch (random.below(4)) {
    case 0: {
        const std::vector<int> got = co_await eddy::gather(tasks);
        EXPECT_EQ(got, (std::vector{0, 1, 2}));
        break;
    }
    case 1: {
        auto [done, pending] = co_await eddy::wait(
            tasks, {.when = random.below(2) == 0 ? eddy::return_when::first_completed
                                                 : eddy::return_when::first_exception,
                    .timeout = std::chrono::microseconds(random.below(300))});
        EXPECT_EQ(done.size() + pending.size(), 3U);
        EXPECT_TRUE(std::ranges::all_of(done, [](const auto& each) { return each.done(); }));
        for (const auto& each : pending) {
            (void)each.cancel();
        }
        break;
    }
    case 2: {
        int seen = 0;
        for (auto each = eddy::as_completed(tasks); auto next = co_await each.next();) {
            EXPECT_TRUE(next->done());
            ++seen;
        }
        EXPECT_EQ(seen, 3);
        break;
    }
    default:
        for (int i = 0; i != 3; ++i) {
            const auto& each = tasks[static_cast<std::size_t>(i)];
            auto got = co_await eddy::as_result(each);
            if (got) {
                EXPECT_EQ(*got, i);
                EXPECT_TRUE(each.done());
            }
        }
    }
}

coro<> step_limited(world& in, eddy::random_source& random, int depth) {
    std::atomic<int> live{0};
    const auto limit = std::chrono::microseconds(random.below(400)) - 10us;
    if (random.below(2) == 0) {
        auto got = co_await eddy::as_result(eddy::wait_for(body(in, depth - 1, 5, &live), limit));
        EXPECT_EQ(live.load(), 0);
        EXPECT_TRUE(!got || *got == 5);
        if (got.cancelled()) {
            (void)std::move(got).value();
        }
        co_return;
    }
    auto got = co_await eddy::as_result(
        eddy::timeout(limit, [&in, &live, depth](eddy::timeout_scope& scope) {
            return [](world& in, int depth, std::atomic<int>& live,
                      eddy::timeout_scope& scope) -> coro<int> {
                scope.reschedule(eddy::now() + 50us);
                co_return co_await body(in, depth - 1, 6, &live);
            }(in, depth, live, scope);
        }));
    EXPECT_EQ(live.load(), 0);
    EXPECT_TRUE(!got || *got == 6);
}

coro<> step_shielded(world& in, eddy::random_source& random, int depth) {
    if (random.below(2) == 0) {
        (void)co_await eddy::shield(body(in, depth - 1, 8, nullptr));
    } else {
        const eddy::task<int> guarded = spawn(in, random, depth - 1, 9);
        const int got = co_await eddy::shield(guarded);
        EXPECT_EQ(got, 9);
    }
}

coro<> put_later(int fd, std::uint64_t micros) {
    co_await eddy::sleep(std::chrono::microseconds(micros));
    const std::byte one{1};
    (void)eddy::sys::write(fd, std::span(&one, 1));
}

// A pipe that is written to about when the wait for it ends.
coro<> step_pipe(eddy::random_source& random) {
    const auto ends = eddy::sys::pipe2();
    const eddy::owned_fd reading(ends[0]);
    const eddy::owned_fd writing(ends[1]);
    const auto writer = eddy::create_task(put_later(writing.get(), random.below(100)));
    const auto limit = std::chrono::microseconds(random.below(200));
    auto got = co_await eddy::as_result(eddy::wait_for(eddy::readable(reading.get()), limit));
    EXPECT_TRUE(got || got.cancelled() || got.holds<eddy::timeout_error>());
    auto written = co_await eddy::as_result(writer);
    EXPECT_TRUE(writer.done()); // however the wait ended: the pipe may be closed now
    if (got.cancelled()) {
        (void)std::move(got).value();
    }
    (void)std::move(written).value();
}

coro<> step(world& in, eddy::random_source& random, int depth) {
    const std::uint64_t most = depth > 0 ? 17 : 9;
    switch (random.below(most)) {
    case 0:
    case 1:
        co_await eddy::yield();
        break;
    case 2:
        co_await eddy::sleep(std::chrono::microseconds(random.below(300)));
        break;
    case 3: {
        auto got = co_await eddy::as_result(in.setter.ask());
        EXPECT_TRUE(got.cancelled() || got.holds<planned_error>() ||
                    got.holds<eddy::broken_promise_error>() || *got == 7);
        if (got.cancelled()) {
            (void)std::move(got).value();
        }
        break;
    }
    case 4:
        if (random.below(10) == 0) {
            throw planned_error();
        }
        break;
    case 5:
        (void)in.cancel_one(random);
        break;
    case 6: {
        const eddy::task<int> on_line =
            in.line.create_task(strand_body(in, 3), {.eager = random.below(2) == 0});
        in.enlist(on_line);
        auto got = co_await eddy::as_result(on_line);
        EXPECT_TRUE(!got || *got == 3);
        break;
    }
    case 7:
        if (depth > 0) {
            (void)spawn(in, random, depth - 1, 0); // dropped
        }
        break;
    case 8:
        co_await step_pipe(random);
        break;
    case 9:
    case 10:
        co_await step_gather(in, random, depth);
        break;
    case 11:
        co_await step_gather_pair(in, depth);
        break;
    case 12:
    case 13:
        co_await step_tasks(in, random, depth);
        break;
    case 14:
    case 15:
        co_await step_limited(in, random, depth);
        break;
    default:
        co_await step_shielded(in, random, depth);
    }
}

coro<int> body(world& in, int depth, int value, std::atomic<int>* here) {
    const presence counted(in, here);
    eddy::random_source random = in.fresh_random();
    const std::uint64_t steps = 1 + random.below(4);
    for (std::uint64_t i = 0; i != steps; ++i) {
        if (random.below(6) == 0) { // swallows whatever comes
            (void)co_await eddy::as_result(step(in, random, depth));
        } else {
            co_await step(in, random, depth);
        }
    }
    co_return value;
}

coro<> chaos(world& in, std::size_t rounds) {
    eddy::random_source random = in.fresh_random();
    for (std::size_t i = 0; i != rounds; ++i) {
        std::vector<eddy::task<int>> tasks;
        for (int k = 0; k != 8; ++k) {
            tasks.push_back(spawn(in, random, 3, k));
        }
        co_await eddy::wait(tasks);
        for (int k = 0; k != 8; ++k) {
            const auto& each = tasks[static_cast<std::size_t>(k)];
            EXPECT_TRUE(each.done());
            if (!each.cancelled() && each.exception() == nullptr) {
                EXPECT_EQ(each.result(), k);
            }
        }
    }
    // Dropped tasks may still run; nobody is cancelled any more, so they end.
    in.over.store(true);
    while (eddy::all_tasks().size() > 1) {
        co_await eddy::sleep(100us);
    }
    for (int i = 0; i != 1000 && in.called_back.load() != in.created.load(); ++i) {
        co_await eddy::sleep(1ms);
    }
}

class chaos_stress : public stress_case, public testing::WithParamInterface<unsigned> {};

INSTANTIATE_TEST_SUITE_P(workers, chaos_stress, testing::Values(1U, 2U, 8U, 32U),
                         testing::PrintToStringParamName());

TEST_P(chaos_stress, everything_that_began_ends_once_and_structured_work_first) {
    {
        world in(eddy::process_seed() + GetParam());
        std::vector<std::thread> cancellers;
        for (std::uint64_t i = 0; i != 2; ++i) {
            cancellers.emplace_back([&in, i] {
                eddy::random_source random(eddy::process_seed(), i);
                while (!in.over.load()) {
                    (void)in.cancel_one(random);
                    std::this_thread::sleep_for(std::chrono::microseconds(random.below(100)));
                }
            });
        }
        std::thread looker([&in] {
            eddy::random_source random(eddy::process_seed(), 9);
            while (!in.over.load()) {
                EXPECT_NE(eddy::format_tasks(), "no");
                std::this_thread::sleep_for(std::chrono::microseconds(random.below(100)));
            }
        });
        eddy::run(chaos(in, scaled(400)), {.workers = GetParam()});
        for (std::thread& each : cancellers) {
            each.join();
        }
        looker.join();
        EXPECT_EQ(in.began.load(), in.ended.load());
        EXPECT_EQ(in.created.load(), in.called_back.load());
        std::printf("%ld tasks, %ld bodies\n", in.created.load(), in.ended.load());
        in.forget_all();
    }
}

} // namespace
