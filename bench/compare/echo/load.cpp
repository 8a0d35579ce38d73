// load.cpp — asks an echo server, checks every byte of its answers, and measures.

#include "load.hpp"

#include "../meter.hpp"
#include "common.hpp"
#include "load_client.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace eddy::compare::echo {

namespace {

// Longer than any run of a given number of requests takes.
constexpr auto patience = std::chrono::seconds(60);

std::chrono::nanoseconds cpu_of(pid_t process) {
    clockid_t its_clock{};
    timespec used{};
    if (const int error = ::clock_getcpuclockid(process, &its_clock); error != 0) {
        errno = error;
        throw_last_error("clock_getcpuclockid");
    }
    if (::clock_gettime(its_clock, &used) < 0) {
        throw_last_error("clock_gettime");
    }
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

// Reads the server's CPU time and the clock at both ends of the measured time.
class watch {
public:
    explicit watch(pid_t server) : server_(server) {}

    void begin() {
        begin_ = clock::now();
        cpu_begin_ = server_ > 0 ? cpu_of(server_) : std::chrono::nanoseconds();
    }
    void end(load_result& found) const {
        found.wall = clock::now() - begin_;
        found.server_cpu = server_ > 0 ? cpu_of(server_) - cpu_begin_ : std::chrono::nanoseconds();
    }

private:
    pid_t server_;
    clock::time_point begin_;
    std::chrono::nanoseconds cpu_begin_{};
};

schedule schedule_of(const load_options& asked) {
    const clock::time_point now = clock::now();
    if (asked.requests_each > 0) {
        return {.start = now, .begin = now, .end = now + patience};
    }
    const clock::time_point begin = now + asked.warm_up;
    return {.start = now, .begin = begin, .end = begin + asked.duration};
}

std::vector<std::unique_ptr<load_client>> clients_of(const load_options& asked) {
    if (asked.connections == 0 || asked.threads == 0 || asked.message_bytes == 0) {
        throw std::invalid_argument("load: nothing to do");
    }
    if (asked.burn_share > 0 && asked.message_bytes < sizeof burn_mark) {
        throw std::invalid_argument("load: a message that asks to burn is longer");
    }
    const unsigned threads = std::min(asked.threads, asked.connections);
    std::vector<std::unique_ptr<load_client>> made;
    for (unsigned i = 0; i < threads; ++i) {
        const unsigned first = asked.connections * i / threads;
        const unsigned last = asked.connections * (i + 1) / threads;
        made.push_back(std::make_unique<load_client>(asked, first, last - first));
    }
    return made;
}

double fairness_of(const std::vector<std::unique_ptr<load_client>>& clients) {
    double sum = 0;
    double squares = 0;
    double count = 0;
    for (const auto& each : clients) {
        for (const std::uint64_t answered : each->answered()) {
            const auto value = static_cast<double>(answered);
            sum += value;
            squares += value * value;
            ++count;
        }
    }
    return squares > 0 ? sum * sum / (count * squares) : 0;
}

// A client in a thread, whose error waits for the end.
class other_client {
public:
    other_client(load_client& client, const schedule& when)
        : thread_([this, &client, when] {
              try {
                  client.run(when, [] {}, [] {});
              } catch (...) {
                  error_ = std::current_exception();
              }
          }) {}

    void join() {
        thread_.join();
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

private:
    std::exception_ptr error_; // before the thread that writes it
    std::jthread thread_;
};

} // namespace

load_result put_load(const load_options& asked) {
    const auto clients = clients_of(asked);
    const schedule when = schedule_of(asked);
    std::vector<std::unique_ptr<other_client>> others;
    for (std::size_t i = 1; i < clients.size(); ++i) {
        others.push_back(std::make_unique<other_client>(*clients[i], when));
    }
    load_result found;
    watch time(asked.server);
    clients.front()->run(when, [&] { time.begin(); }, [&] { time.end(found); });
    for (const auto& each : others) {
        each->join();
    }
    for (const auto& each : clients) {
        found.latency.add(each->latency());
        found.burnt.add(each->burnt());
        found.overdue += each->overdue();
    }
    found.fairness = fairness_of(clients);
    if (asked.requests_each > 0 &&
        found.latency.total() + found.burnt.total() != asked.requests_each * asked.connections) {
        throw wrong_result("some requests were not answered");
    }
    return found;
}

metrics load_result::summary() const {
    const auto requests = static_cast<double>(latency.total() + burnt.total());
    metrics found;
    found["requests"] = requests;
    found["requests_per_second"] = wall.count() > 0 ? requests * 1e9 / nanoseconds(wall) : 0;
    found["server_cpu_ns"] = requests > 0 ? nanoseconds(server_cpu) / requests : 0;
    found["server_cpu_share"] = wall.count() > 0 ? nanoseconds(server_cpu) / nanoseconds(wall) : 0;
    found["p50_ns"] = nanoseconds(latency.percentile(0.50));
    found["p90_ns"] = nanoseconds(latency.percentile(0.90));
    found["p99_ns"] = nanoseconds(latency.percentile(0.99));
    found["p999_ns"] = nanoseconds(latency.percentile(0.999));
    found["max_ns"] = nanoseconds(latency.max());
    found["burners"] = static_cast<double>(burnt.total());
    found["burner_p50_ns"] = nanoseconds(burnt.percentile(0.50));
    found["fairness"] = fairness;
    found["overdue"] = static_cast<double>(overdue);
    return found;
}

} // namespace eddy::compare::echo
