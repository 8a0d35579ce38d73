// load_client.hpp — one thread's share of the load: its connections and the epoll they are in.
//
// Threads:    one runs it; who made it reads the results after that.
// Invariants: I1  a connection has at most one request on its way; more may be due.

#pragma once

#include "histogram.hpp"
#include "load.hpp"
#include <eddy/base/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace eddy::compare::echo {

/// When the measurement begins and ends; the same for all clients of a run.
struct schedule {
    clock::time_point start;
    clock::time_point begin;
    clock::time_point end;
};

class load_client {
public:
    /// Connects. `first`: how many connections other clients have before these.
    load_client(const load_options& asked, unsigned first, unsigned connections);

    /// Asks until the end. Calls `at_begin` and `at_end` at those times.
    void run(const schedule& when, const std::function<void()>& at_begin,
             const std::function<void()>& at_end);

    [[nodiscard]] const histogram& latency() const noexcept { return latency_; }
    [[nodiscard]] const histogram& burnt() const noexcept { return burnt_; }
    [[nodiscard]] std::uint64_t overdue() const noexcept { return overdue_; }
    /// Answers in the measured time, per connection.
    [[nodiscard]] std::vector<std::uint64_t> answered() const;

private:
    struct link {
        owned_fd fd;
        std::uint64_t number = 0;   // makes its messages unlike those of others
        std::uint64_t due = 0;      // requests that should have been sent
        std::uint64_t asked = 0;    // requests that have been sent, at least in part
        std::uint64_t complete = 0; // answers
        std::size_t unsent = 0;     // of the request on its way
        std::size_t missing = 0;    // of its answer
        std::uint64_t counted = 0;  // answers in the measured time
        clock::time_point since;    // when the request was due
        bool watches_room = false;
    };

    [[nodiscard]] clock::time_point due_at(const link& of, std::uint64_t request) const noexcept;
    void ask_first(const schedule& when);
    void ask_due(clock::time_point now);
    void ask(link& of, clock::time_point since);
    void write_rest(link& of);
    void serve(link& of, std::uint32_t events, const schedule& when);
    void check(link& of, std::size_t got);
    void take_answer(link& of, const schedule& when);
    void wait(clock::time_point now, const schedule& when);
    [[nodiscard]] bool finished(clock::time_point now, const schedule& when) const noexcept;
    void count_overdue(clock::time_point end);
    /// Whether the request of that link asks the server to burn.
    [[nodiscard]] bool burns(const link& of) const noexcept;
    void write_message(const link& of, std::span<std::byte> into) const noexcept;

    const load_options& asked_;
    const unsigned first_;
    double nanoseconds_between_ = 0; // two requests of this client; 0: closed loop
    clock::time_point start_;
    std::uint64_t due_ = 0;         // requests of all links, in turn
    std::uint64_t ready_links_ = 0; // that have had their share of requests_each
    std::vector<link> links_;
    std::vector<std::byte> message_;
    std::vector<std::byte> received_;
    owned_fd epoll_;
    histogram latency_;
    histogram burnt_;
    std::uint64_t overdue_ = 0;
};

} // namespace eddy::compare::echo
