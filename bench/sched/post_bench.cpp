// post_bench.cpp — a thread that runs no loop posts to one and waits for the answer.
//
// Question: what does the way into a loop and back cost, when its worker sleeps and when it runs?
// Unit:     ns a round trip; context switches a round trip.
// Valid if: nothing else runs. Asleep: compare with bare_threads in the same run, which does the
//           same with two eventfds and two epolls alone. Awake: both threads need a core; compare
//           with bare_lines, which is what two moving cache lines cost here.

#include "bench.hpp"
#include "compare/meter.hpp"

#include <thread>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace {

using namespace eddy; // memory orders
using eddy::bench::check;
using eddy::compare::usage;

int checked(int result, const char* call) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), call);
    }
    return result;
}

// A thread's way to sleep until another one wakes it.
class bell {
public:
    bell()
        : event_(checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
          epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
        epoll_event interest{.events = EPOLLIN | EPOLLET, .data = {.fd = event_}};
        checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &interest), "epoll_ctl");
    }
    bell(const bell&) = delete;
    bell& operator=(const bell&) = delete;
    ~bell() {
        ::close(epoll_);
        ::close(event_);
    }

    void ring() const { checked(::eventfd_write(event_, 1), "eventfd_write"); }
    void wait() const {
        epoll_event ready{};
        while (checked(::epoll_wait(epoll_, &ready, 1, -1), "epoll_wait") == 0) {
        }
    }

private:
    int event_;
    int epoll_;
};

// A runtime that runs on threads of its own.
class served {
public:
    explicit served(benchmark::State& state)
        : state_(state), runtime_({.workers = static_cast<unsigned>(state.range(0))}) {
        thread_ = std::thread([this] { runtime_.run_forever(); });
    }
    served(const served&) = delete;
    served& operator=(const served&) = delete;
    ~served() {
        runtime_.stop();
        thread_.join();
    }

    [[nodiscard]] eddy::event_loop& loop() noexcept { return runtime_.loop(); }
    void report() {
        state_.counters["switches"] =
            static_cast<double>(usage::now().switches - before_.switches) /
            static_cast<double>(state_.iterations());
    }

private:
    benchmark::State& state_;
    eddy::runtime runtime_;
    std::thread thread_;
    usage before_ = usage::now();
};

void bare_threads(benchmark::State& state) {
    bell there;
    bell back;
    eddy::atomic<bool> over{false};
    std::int64_t answers = 0;
    std::thread other([&] {
        for (there.wait(); !over.load(acquire); there.wait()) {
            ++answers;
            back.ring();
        }
    });
    const usage before = usage::now();
    for (auto _ : state) {
        there.ring();
        back.wait();
    }
    state.counters["switches"] = static_cast<double>(usage::now().switches - before.switches) /
                                 static_cast<double>(state.iterations());
    over.store(true, release);
    there.ring();
    other.join();
    check(answers, state.iterations(), "answers");
}
BENCHMARK(bare_threads)->UseRealTime()->MeasureProcessCPUTime();

// Two threads that look for each other's store all the time.
void bare_lines(benchmark::State& state) {
    alignas(eddy::line_bytes) eddy::atomic<std::int64_t> there{0};
    alignas(eddy::line_bytes) eddy::atomic<std::int64_t> back{0};
    constexpr std::int64_t over = -1;
    std::thread other([&] {
        for (std::int64_t seen = 0; seen != over;) {
            if (const std::int64_t next = there.load(acquire); next != seen) {
                seen = next;
                back.store(seen, release);
            }
        }
    });
    std::int64_t sent = 0;
    for (auto _ : state) {
        there.store(++sent, release);
        while (back.load(acquire) != sent) {
        }
    }
    there.store(over, release);
    other.join();
    check(sent, state.iterations(), "answers");
}
BENCHMARK(bare_lines)->UseRealTime()->MeasureProcessCPUTime();

void post_to_a_sleeper(benchmark::State& state) {
    bell back;
    std::int64_t answers = 0;
    {
        served runtime(state);
        for (auto _ : state) {
            runtime.loop().call_soon_threadsafe([&] {
                ++answers;
                back.ring();
            });
            back.wait();
        }
        runtime.report();
    }
    check(answers, state.iterations(), "answers");
}
BENCHMARK(post_to_a_sleeper)->Apply(eddy::bench::on_one_and_two_workers);

eddy::coro<> keep_awake(const eddy::atomic<bool>& over) {
    while (!over.load(relaxed)) {
        co_await eddy::yield();
    }
}

void post_to_a_runner(benchmark::State& state) {
    eddy::atomic<bool> over{false};
    eddy::atomic<std::int64_t> answers{0};
    {
        served runtime(state);
        auto runner = eddy::run_coroutine_threadsafe(keep_awake(over), runtime.loop());
        std::int64_t posted = 0;
        for (auto _ : state) {
            runtime.loop().call_soon_threadsafe([&] { answers.fetch_add(1, release); });
            ++posted;
            while (answers.load(acquire) != posted) {
                eddy::native_sync::pause();
            }
        }
        runtime.report();
        over.store(true, relaxed);
        runner.result();
    }
    check(answers.load(relaxed), state.iterations(), "answers");
}
BENCHMARK(post_to_a_runner)->Apply(eddy::bench::on_one_and_two_workers);

eddy::coro<std::int64_t> answer() {
    co_return 1;
}

// A task is made and its end waited for on a futex: what to_thread's way back is for plain threads.
void run_a_coroutine(benchmark::State& state) {
    served runtime(state);
    std::int64_t answers = 0;
    for (auto _ : state) {
        answers += eddy::run_coroutine_threadsafe(answer(), runtime.loop()).result();
    }
    runtime.report();
    check(answers, state.iterations(), "answers");
}
BENCHMARK(run_a_coroutine)->Apply(eddy::bench::on_one_and_two_workers);

} // namespace

BENCHMARK_MAIN();
