// readiness_model.cpp — the real readiness, between who makes system calls, who polls, who cancels
// and who closes.
//
// Covers:    bytes and the end of a stream that come before, during and after calls and waits, by
//            one event or two, from one poller or two; a cancel; a close. Planted: ready cleared
//            after the call; an event that is dropped during a call; an end that is forgotten; a
//            close that does not look for calls; each order that matters relaxed.
// Not here:  the epoll below -> tests/io/registration_test.cpp.

#include "model_test.hpp"
#include "waiting.hpp"
#include <eddy/io/readiness.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace eddy::model {
namespace {

/// A branch that waits for an event, as readiness_op.
struct alignas(16) ready_waiter : waiting<ready_waiter> {
    model_sync::var<int> events{0};
};

/// Faults in the words that readiness stores, by the function that stores them.
enum class fault : unsigned char { none, event_dropped_during_a_call, end_forgotten, ready_taken };

template <fault Planted>
struct faulty_sync {
    template <class T>
    class atomic : public model_sync::atomic<T> {
    public:
        using model_sync::atomic<T>::atomic;

        bool compare_exchange_weak(T& seen, T next, order how, order on_failure,
                                   site from = site::current()) {
            return this->compare_exchange_strong(seen, spoilt(seen, next, from), how, on_failure,
                                                 from);
        }
        bool compare_exchange_strong(T& seen, T next, order how, order on_failure,
                                     site from = site::current()) {
            const bool done =
                model_sync::atomic<T>::compare_exchange_strong(seen, next, how, on_failure, from);
            if (Planted == fault::ready_taken && !done && (seen & ready) != 0 && seen < 16 &&
                is(from, "::wait(")) {
                return model_sync::atomic<T>::compare_exchange_strong(seen, next, how, on_failure,
                                                                      from);
            }
            return done;
        }

    private:
        static constexpr std::uintptr_t ready = 1; // as in readiness
        static constexpr std::uintptr_t busy = 2;
        static constexpr std::uintptr_t final = 4;

        static bool is(const site& from, std::string_view name) {
            return std::string_view(from.function_name()).find(name) != std::string_view::npos;
        }
        static T spoilt(T seen, T next, const site& from) {
            if (Planted == fault::event_dropped_during_a_call && is(from, "::event(") &&
                (seen & busy) != 0 && seen < 16) {
                return seen;
            }
            if (Planted == fault::end_forgotten && is(from, "::end(") && (seen & ready) != 0) {
                return next & ~final;
            }
            return next;
        }
    };
};

/// A connection as the kernel has it; who reads sees what an event has told of, and perhaps not
/// more: the kernel's own locks are left out.
class modelled_socket {
public:
    static constexpr unsigned end = 0x100;

    void arrive(unsigned what) { came_.fetch_add(what, relaxed); }

    template <class Direction>
    void report(Direction& to, ready_waiter*& out) {
        using kind = typename Direction::kind;
        const bool ended = (came_.load(relaxed) & end) != 0;
        out = to.event(ended ? kind::last_edge : kind::edge);
    }

    /// Receives everything that is there, which is less than what it asks for.
    call_found recv() {
        const unsigned seen = came_.load(relaxed);
        const unsigned fresh = (seen & 0xff) - received_;
        received_ += fresh;
        if (fresh == 0 && (seen & end) == 0) {
            return call_found::nothing;
        }
        ended_ = fresh == 0;
        return call_found::the_end;
    }
    [[nodiscard]] unsigned received() const { return received_; }
    [[nodiscard]] bool ended() const { return ended_; }

private:
    model_sync::atomic<unsigned> came_{0};
    unsigned received_ = 0;
    bool ended_ = false;
};

/// Who polls, and gives a waiter what an event gave it.
template <class Direction>
void deliver(modelled_socket& from, Direction& to) {
    ready_waiter* out = nullptr;
    from.report(to, out);
    if (out != nullptr) {
        out->events = 1;
        out->wake();
    }
}

enum class call_order : unsigned char { begin_first, call_first };

/// Who reads, as async_fd::perform.
template <class Direction, call_order Order = call_order::begin_first>
struct reader {
    static constexpr unsigned waits_max = 6;

    modelled_socket socket;
    Direction word;
    std::array<ready_waiter, waits_max> waiters;
    unsigned waits = 0;

    reader() { word.open(); }

    /// False: it would have to wait.
    bool receive() {
        if (Order == call_order::call_first) { // planted: ready is cleared after the call
            const call_found found = socket.recv();
            if (word.begin() == call_start::go) {
                (void)word.end(found);
            }
            return found != call_found::nothing;
        }
        const call_start begun = word.begin();
        if (begun == call_start::not_ready) {
            return false;
        }
        require(begun == call_start::go, "there is one user");
        const call_found found = socket.recv();
        (void)word.end(found);
        return found != call_found::nothing;
    }

    void wait() {
        require(waits < waits_max, "it waits without end");
        ready_waiter& mine = waiters[waits++];
        mine.events = 0;
        const bool woken = mine.wait(
            [&] {
                const wait_start begun = word.wait(mine);
                require(begun == wait_start::waiting || begun == wait_start::ready,
                        "there is one user");
                return begun == wait_start::ready;
            },
            [&] { return word.withdraw(mine); });
        if (woken) {
            (void)(mine.events == 1); // what the poller wrote; a race is found
        }
    }

    void read_to_the_end() {
        while (!socket.ended()) {
            step();
        }
    }
    void read(unsigned bytes) {
        while (socket.received() != bytes) {
            step();
        }
    }
    void step() {
        if (!receive()) {
            wait();
        }
    }
};

template <fault Planted = fault::none>
using direction = readiness<ready_waiter, faulty_sync<Planted>>;

/// Bytes come, then the end, each told by an event of its own.
template <class Reader>
struct two_events_program {
    static constexpr unsigned threads = 2;

    Reader user;

    void thread(unsigned k) {
        if (k == 0) {
            user.read_to_the_end();
            return;
        }
        user.socket.arrive(1);
        deliver(user.socket, user.word);
        user.socket.arrive(modelled_socket::end);
        deliver(user.socket, user.word);
    }
    void check() { require(user.socket.received() == 1, "a byte was lost"); }
};

/// Bytes come together with the end, and one event tells of both.
template <class Reader>
struct one_event_program {
    static constexpr unsigned threads = 2;

    Reader user;

    void thread(unsigned k) {
        if (k == 0) {
            user.read_to_the_end();
            return;
        }
        user.socket.arrive(1 + modelled_socket::end);
        deliver(user.socket, user.word);
    }
    void check() { require(user.socket.received() == 1, "a byte was lost"); }
};

/// Two pollers have an event each.
template <class Reader>
struct two_pollers_program {
    static constexpr unsigned threads = 3;

    Reader user;

    void thread(unsigned k) {
        if (k == 0) {
            user.read(2);
            return;
        }
        user.socket.arrive(1);
        deliver(user.socket, user.word);
    }
};

/// The first wait is cancelled, and reading goes on.
template <class Reader>
struct cancel_program {
    static constexpr unsigned threads = 3;

    Reader user;

    void thread(unsigned k) {
        if (k == 0) {
            user.read_to_the_end();
        } else if (k == 1) {
            user.socket.arrive(1 + modelled_socket::end);
            deliver(user.socket, user.word);
        } else {
            ready_waiter& target = user.waiters[0];
            target.cancel([&] { return user.word.withdraw(target); });
        }
    }
    void check() { require(user.socket.received() == 1, "a byte was lost"); }
};

enum class closer : unsigned char { looks_for_calls, does_not };

/// Who closes, who uses the direction, and who polls; the descriptor has two holders.
template <closer How>
struct close_program {
    static constexpr unsigned threads = 3;

    reader<direction<>> user;
    model_sync::var<int> descriptor{1};
    model_sync::atomic<int> holders{2};
    int closes = 0;

    void leave() {
        if (holders.fetch_sub(1, acq_rel) == 1) {
            descriptor = 0;
            ++closes;
        }
    }
    void use() {
        for (;;) {
            const call_start begun = user.word.begin();
            if (begun == call_start::closed) {
                return;
            }
            if (begun == call_start::go) {
                require(descriptor == 1, "a call on a closed descriptor");
                const call_found found = user.socket.recv();
                require(descriptor == 1, "it was closed during the call");
                if (user.word.end(found)) {
                    leave();
                }
                if (found != call_found::nothing) {
                    continue;
                }
            }
            if (!wait()) {
                return;
            }
        }
    }
    bool wait() {
        require(user.waits < user.waits_max, "it waits without end");
        ready_waiter& mine = user.waiters[user.waits++];
        bool closed = false;
        (void)mine.wait(
            [&] {
                const wait_start begun = user.word.wait(mine);
                closed = begun == wait_start::closed;
                return begun != wait_start::waiting;
            },
            [&] { return user.word.withdraw(mine); });
        return !closed;
    }
    void thread(unsigned k) {
        if (k == 0) {
            use();
        } else if (k == 1) {
            user.socket.arrive(1);
            deliver(user.socket, user.word);
        } else {
            const auto [waiter, in_a_call] = user.word.close();
            if (waiter != nullptr) {
                waiter->events = 2;
                waiter->wake();
            }
            if (How == closer::does_not || !in_a_call) {
                leave();
            }
            leave();
        }
    }
    void check() { require(closes == 1, "the descriptor was not closed once"); }
};

TEST(readiness, bytes_and_the_end_are_seen_whenever_their_events_come) {
    expect_correct<two_events_program<reader<direction<>>>>("read | bytes, end",
                                                            {.preemptions = 4});
    expect_correct<one_event_program<reader<direction<>>>>("read | bytes with the end",
                                                           {.preemptions = 4});
}

TEST(readiness, two_pollers_may_tell_at_once) {
    expect_correct<two_pollers_program<reader<direction<>>>>("read | bytes | bytes",
                                                             {.preemptions = 2});
}

TEST(readiness, a_cancel_takes_no_event_away) {
    expect_correct<cancel_program<reader<direction<>>>>("read | bytes with the end | cancel",
                                                        {.preemptions = 3});
}

TEST(readiness, a_descriptor_is_closed_once_and_during_no_call) {
    expect_correct<close_program<closer::looks_for_calls>>("read | bytes | close",
                                                           {.preemptions = 2});
}

TEST(readiness_faults, ready_that_is_cleared_after_the_call_is_caught) {
    expect_caught<one_event_program<reader<direction<>, call_order::call_first>>>(
        "the call, then begin", {.preemptions = 3});
}

TEST(readiness_faults, an_event_that_is_dropped_during_a_call_is_caught) {
    expect_caught<one_event_program<reader<direction<fault::event_dropped_during_a_call>>>>(
        "event drops ready if busy", {.preemptions = 3});
}

TEST(readiness_faults, an_end_that_is_forgotten_because_the_call_before_saw_nothing_is_caught) {
    expect_caught<one_event_program<reader<direction<fault::end_forgotten>>>>("EAGAIN clears final",
                                                                              {.preemptions = 3});
}

TEST(readiness_faults, a_wait_that_takes_the_word_over_from_ready_is_caught) {
    expect_caught<one_event_program<reader<direction<fault::ready_taken>>>>("wait overwrites ready",
                                                                            {.preemptions = 3});
}

TEST(readiness_faults, a_close_that_does_not_look_for_calls_is_caught) {
    expect_caught<close_program<closer::does_not>>("close ignores busy", {.preemptions = 3});
}

TEST(readiness_faults, relaxed_orders_are_caught) {
    using program = two_events_program<reader<direction<>>>;
    const auto relax = [](std::string_view where, order from) {
        return std::vector<weakening>{{where, access::read_modify_write, from, relaxed}};
    };
    expect_caught<program>("event relaxed",
                           {.preemptions = 3, .weakened = relax("::event(", acq_rel)});
    expect_caught<program>("begin relaxed",
                           {.preemptions = 3, .weakened = relax("::begin(", acq_rel)});
    expect_caught<program>("wait relaxed",
                           {.preemptions = 3, .weakened = relax("::wait(", release)});
    expect_caught<close_program<closer::looks_for_calls>>(
        "close relaxed", {.preemptions = 3, .weakened = relax("::close(", acq_rel)});
}

} // namespace
} // namespace eddy::model
