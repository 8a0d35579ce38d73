// scope_program.hpp — small programs made of nested scopes: groups, limits, masks, shields, races;
// as text, at random, and as a coroutine that says what happens in it.
//
//     (group (spawn (sleep 5) (log a)) (spawn (sleep 3) (fail b)) (sleep 9))
//
// The statements: (log w) (sleep ms) (yield) (fail w) (stop) (reschedule ms); and with statements
// in them: (seq …) (try …) (finally (seq …) (seq …)) (group …) (supervisor …) (spawn …)
// (timeout ms …) (cancel ms …) (shield …) (mask …) (race …) (bind n …) (look).

#pragma once

#include <eddy/base/random.hpp>
#include <eddy/core/own_branch.hpp>
#include <eddy/eddy.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scopes {

struct statement {
    std::string what;
    std::string word{}; // of log and fail
    int number = 0;     // milliseconds, or the value of bind
    std::vector<statement> parts{};
};

// -- text --

inline std::string to_text(const statement& of) {
    std::string text = "(" + of.what;
    if (!of.word.empty()) {
        text += " " + of.word;
    }
    if (of.number != 0) {
        text += " " + std::to_string(of.number);
    }
    for (const statement& part : of.parts) {
        text += " " + to_text(part);
    }
    return text + ")";
}

class parser {
public:
    explicit parser(std::string_view text) : rest_(text) {}

    /// Throws: std::invalid_argument.
    statement parse() {
        expect('(');
        statement made{.what = token()};
        for (;;) {
            skip_blanks();
            if (rest_.empty()) {
                throw std::invalid_argument("a program ends too early");
            }
            if (rest_.front() == ')') {
                rest_.remove_prefix(1);
                return made;
            }
            if (rest_.front() == '(') {
                made.parts.push_back(parse());
            } else {
                add_argument(made, token());
            }
        }
    }

private:
    static void add_argument(statement& to, std::string argument) {
        if (argument.find_first_not_of("0123456789") == std::string::npos) {
            to.number = std::stoi(argument);
        } else {
            to.word = std::move(argument);
        }
    }
    void skip_blanks() {
        while (!rest_.empty() && rest_.front() == ' ') {
            rest_.remove_prefix(1);
        }
    }
    void expect(char wanted) {
        skip_blanks();
        if (rest_.empty() || rest_.front() != wanted) {
            throw std::invalid_argument("a program has no " + std::string(1, wanted) + " here");
        }
        rest_.remove_prefix(1);
    }
    std::string token() {
        skip_blanks();
        const std::size_t end = std::min(rest_.find_first_of(" ()"), rest_.size());
        std::string found(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return found;
    }

    std::string_view rest_;
};

// -- at random --

/// Which statements a program may have: those that asyncio of CPython 3.11 has too, or all.
enum class vocabulary : unsigned char { of_asyncio, all };

class generator {
public:
    generator(std::uint64_t seed, vocabulary words) : random_(seed), words_(words) {}

    statement make() { return {.what = "seq", .parts = block(3, 2 + below(3))}; }

private:
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_.below(end)); }
    int some_ms() { return static_cast<int>(1 + below(30)); }
    std::string next_word() { return "w" + std::to_string(++used_); }

    std::vector<statement> block(int depth, std::size_t length) {
        std::vector<statement> made;
        for (std::size_t i = 0; i != length; ++i) {
            made.push_back(depth == 0 || below(3) == 0 ? leaf() : scope(depth));
        }
        return made;
    }

    statement leaf() {
        switch (below(8)) {
        case 0:
            return {.what = "fail", .word = next_word()};
        case 1:
            return {.what = "yield"};
        case 2:
        case 3:
            return {.what = "log", .word = next_word()};
        case 4:
            return words_ == vocabulary::all ? statement{.what = "look"}
                                             : statement{.what = "log", .word = next_word()};
        default:
            return {.what = "sleep", .number = some_ms()};
        }
    }

    statement scope(int depth) {
        const std::size_t kinds = words_ == vocabulary::all ? 12 : 7;
        switch (below(kinds)) {
        case 0:
        case 1:
            return group("group", depth);
        case 2:
            return {.what = "timeout", .number = some_ms(), .parts = some(depth)};
        case 3:
            return {.what = "try", .parts = some(depth)};
        case 4:
            return {.what = "finally",
                    .parts = {{.what = "seq", .parts = some(depth)},
                              {.what = "seq", .parts = cleanup()}}};
        case 5:
            return {.what = "cancel", .number = some_ms(), .parts = some(depth)};
        case 6:
            return {.what = "shield", .parts = some(depth)};
        case 7:
            return group("supervisor", depth);
        case 8:
            return {.what = "mask", .parts = some(depth)};
        case 9:
            return {.what = "bind", .number = some_ms(), .parts = some(depth)};
        case 10:
            return {.what = "race",
                    .parts = {{.what = "seq", .parts = some(depth)},
                              {.what = "seq", .parts = some(depth)}}};
        default:
            return {.what = "reschedule", .number = some_ms()};
        }
    }

    std::vector<statement> some(int depth) { return block(depth - 1, 1 + below(3)); }
    std::vector<statement> cleanup() {
        return {{.what = "sleep", .number = some_ms()}, {.what = "log", .word = next_word()}};
    }
    // Children first: where a group is cancelled asyncio refuses new ones, and eddy does not.
    statement group(std::string what, int depth) {
        statement made{.what = std::move(what)};
        const std::size_t children = 1 + below(3);
        for (std::size_t i = 0; i != children; ++i) {
            made.parts.push_back({.what = "spawn", .parts = some(depth)});
        }
        for (statement& each : block(depth - 1, below(3))) {
            made.parts.push_back(std::move(each));
        }
        if (words_ == vocabulary::all && below(4) == 0) {
            made.parts.push_back({.what = "stop"});
        }
        return made;
    }

    eddy::random_source random_;
    vocabulary words_;
    int used_ = 0;
};

// -- as a coroutine --

/// What happened, each with its time in milliseconds.
class trace {
public:
    void add(std::string_view word) {
        const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(eddy::now() - start_);
        const std::lock_guard hold(lock_);
        text_ += (text_.empty() ? "" : " ") + std::to_string(at.count()) + ":";
        text_ += word;
    }
    [[nodiscard]] std::string text() const {
        const std::lock_guard hold(lock_);
        return text_;
    }

private:
    const eddy::clock::time_point start_ = eddy::now();
    mutable std::mutex lock_;
    std::string text_;
};

/// "cancelled", "timeout", the word of a fail; "group(...)".
inline std::string name_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const eddy::cancelled_error&) {
        return "cancelled";
    } catch (const eddy::timeout_error&) {
        return "timeout";
    } catch (const eddy::exception_group& group) {
        std::string text;
        for (const std::exception_ptr& each : group.exceptions()) {
            text += (text.empty() ? "" : ",") + name_of(each);
        }
        return "group(" + text + ")";
    } catch (const std::exception& known) {
        return known.what();
    }
}

inline const eddy::context_var<int> bound("bound", 0);

/// A violated rule of scopes ends in here: a scope that ended before what it should have awaited.
inline std::atomic<int> broken_rules{0};
/// Blocks that have begun and not ended.
inline std::atomic<int> alive{0};

struct presence {
    presence() { alive.fetch_add(1); }
    ~presence() { alive.fetch_sub(1); }
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;
};

/// Where a statement runs.
struct place {
    trace* log;
    eddy::child_group* group = nullptr;
    eddy::timeout_scope* limit = nullptr;
    std::atomic<int>* children = nullptr; // alive in the innermost group
    int value = 0;                        // of bind
};

class interpreter {
public:
    /// Runs `of`, which stays, with its events in `log`.
    static eddy::coro<> run(const statement& of, trace& log) {
        const auto result = co_await eddy::as_result(block(of.parts, {.log = &log}));
        log.add(result ? "end" : name_of(result.error()));
        co_await eddy::sleep(std::chrono::hours(1)); // for what was shielded
    }

private:
    using block_of = const std::vector<statement>&;

    static eddy::coro<> block(block_of parts, place at) {
        const presence counted;
        for (const statement& each : parts) {
            co_await step(each, at);
            if (bound.get() != at.value) {
                broken_rules.fetch_add(1);
            }
        }
    }

    static eddy::coro<> step(const statement& of, place at) {
        if (of.what == "log") {
            at.log->add(of.word);
        } else if (of.what == "sleep") {
            co_await eddy::sleep(std::chrono::milliseconds(of.number));
            at.log->add("s" + std::to_string(of.number));
        } else if (of.what == "yield") {
            co_await eddy::yield();
        } else if (of.what == "fail") {
            throw std::runtime_error(of.word);
        } else if (of.what == "stop") {
            at.group != nullptr ? at.group->cancel() : void();
        } else if (of.what == "spawn") {
            spawn(of, at);
        } else if (of.what == "look") {
            (void)eddy::current_deadline();
        } else if (of.what == "reschedule") {
            move_limit(of, at);
        } else {
            co_await scope(of, at);
        }
    }

    static eddy::coro<> scope(const statement& of, place at) {
        if (of.what == "try") {
            return attempt(of, at);
        }
        if (of.what == "finally") {
            return finally(of, at);
        }
        if (of.what == "group" || of.what == "supervisor") {
            return group(of, at);
        }
        if (of.what == "timeout") {
            return limited(of, at);
        }
        if (of.what == "cancel") {
            return cancelled(of, at);
        }
        if (of.what == "shield") {
            return shielded(of, at);
        }
        if (of.what == "mask") {
            return masked(of, at);
        }
        if (of.what == "race") {
            return race(of, at);
        }
        if (of.what == "bind") {
            return bind(of, at);
        }
        return block(of.parts, at);
    }

    static eddy::coro<> attempt(const statement& of, place at) {
        const auto result = co_await eddy::as_result(block(of.parts, at));
        if (!result) {
            if (result.cancelled()) {
                (void)(co_await eddy::own_branch_op()).uncancel();
            }
            at.log->add("caught-" + name_of(result.error()));
        }
    }

    static eddy::coro<> finally(const statement& of, place at) {
        const auto result = co_await eddy::as_result(block(of.parts[0].parts, at));
        co_await block(of.parts[1].parts, at);
        if (!result) {
            std::rethrow_exception(result.error());
        }
    }

    static eddy::coro<> counted(block_of parts, place at, std::atomic<int>& children) {
        struct one {
            std::atomic<int>& of;
            explicit one(std::atomic<int>& all) : of(all) { of.fetch_add(1); }
            one(const one&) = delete;
            one& operator=(const one&) = delete;
            ~one() { of.fetch_sub(1); }
        };
        const one present(children);
        co_await block(parts, at);
    }

    static void spawn(const statement& of, place at) {
        if (at.group != nullptr) {
            const place child{.log = at.log, .value = at.value};
            (void)at.group->create_task(counted(of.parts, child, *at.children));
        }
    }

    static eddy::coro<> group(const statement& of, place at) {
        std::atomic<int> children{0};
        at.limit = nullptr;
        at.children = &children;
        const auto body = [&of, at](eddy::child_group& group) {
            place inner = at;
            inner.group = &group;
            return block(of.parts, inner);
        };
        const auto result =
            of.what == "group"
                ? co_await eddy::as_result(eddy::with_task_group(
                      [&body](eddy::task_group& group) -> eddy::coro<> { return body(group); }))
                : co_await eddy::as_result(eddy::with_supervisor_group(
                      [&body](eddy::supervisor_group& group) -> eddy::coro<> {
                          return body(group);
                      }));
        if (children.load() != 0) {
            broken_rules.fetch_add(1);
        }
        if (!result) {
            std::rethrow_exception(result.error());
        }
    }

    static eddy::coro<> limited(const statement& of, place at) {
        co_await eddy::timeout(std::chrono::milliseconds(of.number),
                               [&of, at](eddy::timeout_scope& limit) -> eddy::coro<> {
                                   place inner = at;
                                   inner.limit = &limit;
                                   if (eddy::current_deadline() > limit.when()) {
                                       broken_rules.fetch_add(1);
                                   }
                                   return block(of.parts, inner);
                               });
    }

    static void move_limit(const statement& of, place at) {
        if (at.limit != nullptr && !at.limit->expired()) {
            try {
                at.limit->reschedule(eddy::now() + std::chrono::milliseconds(of.number));
            } catch (const eddy::invalid_state_error&) { // it has expired just now
            }
        }
    }

    static eddy::coro<> cancelled(const statement& of, place at) {
        const place inner{.log = at.log, .value = at.value};
        const auto task = eddy::create_task(block(of.parts, inner));
        (void)eddy::get_running_loop().call_later(std::chrono::milliseconds(of.number),
                                                  [task] { task.cancel(); });
        // As asyncio.wait, which is woken by a callback: a turn later than eddy::wait.
        const auto ended = std::make_shared<eddy::promise<>>();
        const auto waiter = ended->get_future();
        task.add_done_callback([ended](const eddy::any_task&) { ended->set_value(); });
        co_await waiter;
        at.log->add(task.cancelled()              ? "ended-cancelled"
                    : task.exception() == nullptr ? "ended"
                                                  : "ended-" + name_of(task.exception()));
    }

    static eddy::coro<> shielded(const statement& of, place at) {
        const place inner{.log = at.log, .value = at.value};
        co_await eddy::shield(block(of.parts, inner));
    }

    static eddy::coro<> masked(const statement& of, place at) {
        co_await eddy::masked(block(of.parts, at));
    }

    static eddy::coro<> race(const statement& of, place at) {
        at.limit = nullptr;
        (void)co_await eddy::race(block(of.parts[0].parts, at), block(of.parts[1].parts, at));
    }

    static eddy::coro<> bind(const statement& of, place at) {
        const auto token = bound.set(of.number);
        at.value = of.number;
        co_await block(of.parts, at);
    }
};

} // namespace scopes
