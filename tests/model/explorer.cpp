// explorer.cpp — see explorer.hpp.

#include "explorer.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace eddy::model {

namespace {

const char* name_of(order how) noexcept {
    switch (how) {
    case order::relaxed:
        return "relaxed";
    case order::acquire:
        return "acquire";
    case order::release:
        return "release";
    case order::acq_rel:
        return "acq_rel";
    case order::seq_cst:
        return "seq_cst";
    default:
        return "consume";
    }
}

std::string_view file_name(const site& from) noexcept {
    const std::string_view path = from.file_name();
    return path.substr(path.rfind('/') + 1);
}

// Unwinds the constructor or check() of a program; threads are left standing instead.
struct failed_outside_threads {};

// "T *eddy::forks_deque<item, model_sync>::pop() [T = item]" -> "pop"
std::string_view function_name(const site& from) noexcept {
    std::string_view name = from.function_name();
    name = name.substr(0, name.find(" ["));
    name = name.substr(0, name.rfind('('));
    return name.substr(name.find_last_of(": ") + 1);
}

} // namespace

explorer* explorer::current_ = nullptr;

void require(bool condition, std::string_view text) {
    if (!condition) {
        explorer::current().fail(std::string(text));
    }
}

explorer::explorer(factory make, unsigned threads, limits bounds)
    : make_(make), threads_(threads), limits_(std::move(bounds)) {
    if (threads_ >= threads_max) {
        throw std::length_error("model: the program has too many threads");
    }
}

report explorer::run() {
    current_ = this;
    if (const char* replay = std::getenv("EDDY_MODEL_REPLAY")) {
        choices_.prescribe(replay);
        tracing_ = true;
        run_path();
        std::printf("%s", report_.trace.c_str());
    } else if (limits_.random_paths != 0) {
        choices_.randomize(limits_.seed);
        while (run_path() && report_.paths != limits_.random_paths) {
            choices_.next_random();
        }
    } else {
        while (run_path() && choices_.next()) {
            if (report_.paths == limits_.paths) {
                report_.failure = "not finished: limits::paths reached";
                break;
            }
        }
    }
    current_ = nullptr;
    return std::move(report_);
}

// False: the path failed, and the report says how.
bool explorer::run_path() {
    memory_.reset(threads_);
    running_ = 0;
    preemptions_ = 0;
    steps_ = 0;
    ++report_.paths;
    try {
        program_ = make_();
        memory_.fork(0, threads_);
        run_threads();
        running_ = 0;
        if (report_.failure.empty()) {
            memory_.join(0, threads_);
            program_->check();
            if (std::string outcome = program_->outcome(); !outcome.empty()) {
                ++report_.outcomes[std::move(outcome)];
            }
            program_.reset(); // in the same path: a destructor may access what is modelled
        }
    } catch (const failed_outside_threads&) { // the report has it
    }
    report_.steps += steps_;
    if (!report_.failure.empty()) {
        (void)program_.release(); // its threads still stand in it
        trace_failure();
        return false;
    }
    return true;
}

// The same path once more, this time with notes.
void explorer::trace_failure() {
    if (tracing_) {
        return;
    }
    tracing_ = true;
    report_.choices = choices_.text();
    report_.failure.clear();
    choices_.rewind();
    run_path();
    --report_.paths;
}

void explorer::run_threads() {
    for (thread_id t = 1; t <= threads_; ++t) {
        states_[t].now = status::ready;
        states_[t].stack.reset(&explorer::thread_main);
    }
    states_[0].now = status::done;
    switch_from(status::done);
}

void explorer::thread_main() {
    explorer& self = current();
    self.program_->thread(self.running_ - 1);
    self.switch_from(status::done);
}

void explorer::fail(std::string text) {
    report_.failure = std::move(text);
    if (running_ == 0) {
        throw failed_outside_threads{};
    }
    leave();
}

// Gives up the path: the fibers are forgotten where they stand.
void explorer::leave() {
    states_[running_].stack.switch_to(states_[0].stack);
    std::abort(); // not reached
}

// -- scheduling --------------------------------------------------------------------------------

// Before each access: the running thread may be preempted here.
void explorer::step() {
    if (running_ == 0) {
        return; // building the program, or checking its end
    }
    if (++steps_ > limits_.steps) {
        fail("livelock: more than limits::steps steps");
    }
    if (preemptions_ == limits_.preemptions) {
        return;
    }
    std::array<thread_id, threads_max> others;
    const unsigned count = collect(others.data());
    if (const unsigned choice = choices_.choose(count + 1); choice != 0) {
        ++preemptions_;
        resume(others[choice - 1]);
    }
}

// The running thread cannot or does not want to go on: another one must.
void explorer::switch_from(status becomes) {
    states_[running_].now = becomes;
    std::array<thread_id, threads_max> others;
    unsigned count = collect(others.data());
    if (count == 0) {
        wake(status::yielded);
        count = collect(others.data());
    }
    if (count != 0) {
        resume(others[choices_.choose(count)]);
        return;
    }
    if (states_[running_].now == status::ready) {
        return; // it yielded, and nobody else is left
    }
    bool blocked = false;
    for (thread_id t = 1; t <= threads_; ++t) {
        blocked = blocked || states_[t].now == status::blocked;
    }
    if (blocked && !program_->may_sleep()) {
        fail("lost wake-up: every thread that has not ended is blocked");
    }
    leave();
}

void explorer::wake(status which) noexcept {
    for (thread_id t = 1; t <= threads_; ++t) {
        if (states_[t].now == which) {
            states_[t].now = status::ready;
        }
    }
}

unsigned explorer::collect(thread_id* into) const noexcept {
    unsigned count = 0;
    for (thread_id t = 1; t <= threads_; ++t) {
        if (t != running_ && states_[t].now == status::ready) {
            into[count++] = t;
        }
    }
    return count;
}

void explorer::resume(thread_id next) {
    fiber& from = states_[running_].stack;
    running_ = next;
    from.switch_to(states_[next].stack);
}

void explorer::pause() {
    if (running_ == 0) {
        return;
    }
    if (++steps_ > limits_.steps) {
        fail("livelock: more than limits::steps steps");
    }
    switch_from(status::yielded);
}

// -- memory ------------------------------------------------------------------------------------

order explorer::effective(access what, order how, const site& from) {
    for (const weakening& fault : limits_.weakened) {
        if (fault.what == what && fault.from == how &&
            std::string_view(from.function_name()).find(fault.where) != std::string_view::npos) {
            ++report_.weakened;
            return fault.to;
        }
    }
    return how;
}

void explorer::check_initialized(location_id where) {
    if (!memory_.initialized_for(running_, where)) {
        fail("data race: an atomic is used before its construction is known to have happened");
    }
}

unsigned explorer::oldest_allowed(location_id where, order how) const noexcept {
    if (running_ == 0 || memory_.stale_in_row(running_, where) >= limits_.stale_in_row) {
        return memory_.newest(where);
    }
    return memory_.oldest_readable(running_, where, how);
}

bits explorer::load(location_id where, order how, const site& from) {
    step();
    check_initialized(where);
    how = effective(access::load, how, from);
    const unsigned newest = memory_.newest(where);
    const unsigned behind = choices_.choose(newest - oldest_allowed(where, how) + 1);
    const bits value = memory_.load(running_, where, newest - behind, how);
    note(from, "load", how, where, value, behind);
    return value;
}

void explorer::store(location_id where, bits value, order how, const site& from) {
    step();
    check_initialized(where);
    how = effective(access::store, how, from);
    memory_.store(running_, where, value, how);
    wake(status::yielded);
    note(from, "store", how, where, value, 0);
}

bits explorer::read_modify_write(location_id where, combine next, bits operand, order how,
                                 const site& from) {
    step();
    check_initialized(where);
    how = effective(access::read_modify_write, how, from);
    const bits old = memory_.value(where, memory_.newest(where));
    memory_.read_modify_write(running_, where, next(old, operand), how);
    wake(status::yielded);
    note(from, "rmw", how, where, next(old, operand), 0);
    return old;
}

// Succeeds on the newest store, or fails reading any store it may read that holds something else.
bool explorer::compare_exchange(location_id where, bits& expected, bits desired, order how,
                                order on_failure, const site& from) {
    step();
    check_initialized(where);
    how = effective(access::read_modify_write, how, from);
    const unsigned newest = memory_.newest(where);
    const unsigned oldest = oldest_allowed(where, on_failure);
    readable_.assign(1, newest);
    for (unsigned older = newest; older-- > oldest;) {
        if (memory_.value(where, older) != expected) {
            readable_.push_back(older);
        }
    }
    const unsigned read = readable_[choices_.choose(static_cast<unsigned>(readable_.size()))];
    if (memory_.value(where, read) == expected) {
        memory_.read_modify_write(running_, where, desired, how);
        wake(status::yielded);
        note(from, "cas", how, where, desired, 0);
        return true;
    }
    expected = memory_.load(running_, where, read, on_failure);
    note(from, "cas failed", on_failure, where, expected, newest - read);
    return false;
}

void explorer::read(access_record& data) {
    if (!memory_.read(running_, data)) {
        fail("data race: a var is read while another thread writes it");
    }
}

void explorer::write(access_record& data) {
    if (!memory_.write(running_, data)) {
        fail("data race: a var is written while another thread reads or writes it");
    }
}

void explorer::set_event(wait_state& event, const site& from) {
    step();
    memory_.give(running_, event.carried);
    event.set = true;
    for (thread_id t = 1; t <= threads_; ++t) {
        if (states_[t].waits_for == &event) {
            states_[t].now = status::ready;
            states_[t].waits_for = nullptr;
        }
    }
    wake(status::yielded);
    note(from, "set event", order::release, 0, 0, 0);
}

void explorer::wait_event(wait_state& event, const site& from) {
    step();
    note(from, event.set ? "passes event" : "blocks on event", order::acquire, 0, 0, 0);
    while (!event.set) {
        states_[running_].waits_for = &event;
        switch_from(status::blocked);
    }
    event.set = false;
    memory_.take(running_, event.carried);
    note(from, "woken by event", order::acquire, 0, 0, 0);
}

void explorer::note(const site& from, const char* what, order how, location_id where, bits value,
                    unsigned behind) {
    if (!tracing_ || running_ == 0) {
        return;
    }
    const std::string_view file = file_name(from);
    const std::string_view function = function_name(from);
    std::array<char, 256> line{};
    std::snprintf(line.data(), line.size(), "  %*sthread %u  %.*s:%u %.*s: %s %s @%u = %#llx",
                  static_cast<int>(4 * (running_ - 1)), "", running_ - 1,
                  static_cast<int>(file.size()), file.data(), static_cast<unsigned>(from.line()),
                  static_cast<int>(function.size()), function.data(), what, name_of(how), where,
                  static_cast<unsigned long long>(value));
    report_.trace += line.data();
    report_.trace += behind == 0 ? "\n" : " (stale by " + std::to_string(behind) + ")\n";
}

} // namespace eddy::model
