// explorer.hpp — runs a small concurrent program through all its interleavings, up to a bound.
//
// A program is a class: `static constexpr unsigned threads`, `void thread(unsigned k)` (the body of
// thread k), shared state made of model_sync atomics and vars in its members, and optionally
//     void check()                 after all threads have ended: model::require(...)
//     bool may_sleep() const       whether the threads still blocked at the end may stay so
//     std::string outcome() const  collected in report::outcomes
// Each path builds a new program. Only one real thread runs, so other members may be plain.
//
// Design:     docs/design/explorer.md

#pragma once

#include "choices.hpp"
#include "fiber.hpp"
#include "memory.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace eddy::model {

using site = std::source_location;

enum class access : unsigned char { load, store, read_modify_write };

/// A planted fault: accesses of kind `what` with order `from`, made in a function whose signature
/// contains `where`, are made with order `to`.
struct weakening {
    std::string_view where;
    access what;
    order from;
    order to;
};

struct limits {
    unsigned preemptions = 2;  // switches away from a thread that could go on
    unsigned stale_in_row = 2; // loads of one location in a row that may miss its newest store
    unsigned steps = 5000;     // of one path; more is a livelock
    std::uint64_t paths = 20'000'000; // more is a failure: the bound was not reached
    std::uint64_t random_paths = 0;   // instead of all paths, so many random ones
    std::uint64_t seed = 1;
    std::vector<weakening> weakened = {};
};

struct report {
    std::uint64_t paths = 0;
    std::uint64_t steps = 0;
    std::uint64_t weakened = 0; // accesses changed by limits::weakened
    std::string failure;        // empty: every path was right
    std::string choices;        // the path that failed; EDDY_MODEL_REPLAY=<choices> runs it alone
    std::string trace;          // its interleaving
    std::map<std::string, std::uint64_t> outcomes;
};

/// Fails the path unless `condition` holds. In thread bodies and check().
void require(bool condition, std::string_view text);

class program {
public:
    virtual ~program() = default;
    virtual void thread(unsigned k) = 0;
    virtual void check() {}
    virtual bool may_sleep() const { return false; }
    virtual std::string outcome() const { return {}; }
};

class explorer {
public:
    using factory = std::unique_ptr<program> (*)();

    explorer(factory make, unsigned threads, limits bounds);
    explorer(const explorer&) = delete;
    explorer& operator=(const explorer&) = delete;

    report run();

    // -- called by model_sync --

    static explorer& current() noexcept { return *current_; }

    location_id create(bits initial) { return memory_.create(running_, initial); }
    bits load(location_id where, order how, const site& from);
    void store(location_id where, bits value, order how, const site& from);
    using combine = bits (*)(bits old, bits operand);
    bits read_modify_write(location_id where, combine next, bits operand, order how,
                           const site& from);
    bool compare_exchange(location_id where, bits& expected, bits desired, order how,
                          order on_failure, const site& from);
    void read(access_record& data);
    void write(access_record& data);
    void pause();

    struct wait_state {
        bool set = false;
        knowledge carried;
    };
    void set_event(wait_state& event, const site& from);
    void wait_event(wait_state& event, const site& from);

    [[noreturn]] void fail(std::string text);

private:
    enum class status : unsigned char { ready, yielded, blocked, done };
    struct thread_state {
        fiber stack;
        status now = status::ready;
        const wait_state* waits_for = nullptr;
    };

    bool run_path();
    void run_threads();
    void trace_failure();
    static void thread_main();

    // Scheduling.
    void step();
    void switch_from(status becomes);
    void wake(status which) noexcept;
    unsigned collect(thread_id* into) const noexcept;
    void resume(thread_id next);
    [[noreturn]] void leave();

    order effective(access what, order how, const site& from);
    void check_initialized(location_id where);
    unsigned oldest_allowed(location_id where, order how) const noexcept;
    void note(const site& from, const char* what, order how, location_id where, bits value,
              unsigned behind);

    static explorer* current_;

    const factory make_;
    const unsigned threads_;
    const limits limits_;
    choices choices_;
    memory memory_;
    std::array<thread_state, threads_max> states_; // 0: the caller of run()
    std::unique_ptr<program> program_;
    report report_;
    std::vector<unsigned> readable_; // scratch of compare_exchange
    thread_id running_ = 0;
    unsigned preemptions_ = 0;
    unsigned steps_ = 0;
    bool tracing_ = false;
};

/// Explores `Program` within `bounds`.
template <class Program>
report explore(limits bounds = {}) {
    struct adapter final : program {
        void thread(unsigned k) override { body.thread(k); }
        void check() override {
            if constexpr (requires { body.check(); }) {
                body.check();
            }
        }
        bool may_sleep() const override {
            if constexpr (requires { body.may_sleep(); }) {
                return body.may_sleep();
            } else {
                return false;
            }
        }
        std::string outcome() const override {
            if constexpr (requires { body.outcome(); }) {
                return body.outcome();
            } else {
                return {};
            }
        }
        Program body;
    };
    const auto make = []() -> std::unique_ptr<program> { return std::make_unique<adapter>(); };
    return explorer(make, Program::threads, std::move(bounds)).run();
}

} // namespace eddy::model
