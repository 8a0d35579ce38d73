// in_eddy.cpp — runs programs of programs.py under eddy, in virtual time on one worker, and prints
// their traces.
//
// Reads programs as JSON, one a line; writes for each "program SEED" and the lines of its trace, as
// in_asyncio.py writes them.

#include <eddy/eddy.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <list>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using json = nlohmann::json;

class boom : public std::runtime_error {
public:
    using runtime_error::runtime_error;
};

std::chrono::microseconds microseconds(const json& count) {
    return std::chrono::microseconds(count.get<std::int64_t>());
}

std::string what_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& caught) {
        return caught.what();
    }
}

class interpreter {
public:
    explicit interpreter(const json& program)
        : program_(program), locks_(program["locks"].get<std::size_t>()),
          events_(program["events"].get<std::size_t>()) {
        for (const json& permits : program["semaphores"]) {
            semaphores_.emplace_back(permits.get<std::uint32_t>());
        }
        for (const json& capacity : program["queues"]) {
            queues_.emplace_back(capacity.get<std::size_t>());
        }
    }

    eddy::coro<> main() {
        begun_ = eddy::now();
        tasks_.emplace(0, eddy::create_task(body(program_["tasks"][0], "0")));
        co_await eddy::sleep(std::chrono::milliseconds(500));
        for (int round = 0; round != 100 && !left().empty(); ++round) {
            for (const int number : left()) {
                if (!tasks_.at(number).done()) {
                    note("main", "cancels " + std::to_string(number) + ": " + cancel(number));
                }
                co_await eddy::sleep(std::chrono::microseconds(1000 * round + number + 1));
            }
        }
        for (const auto& [number, task] : tasks_) {
            note("main", std::to_string(number) + " " + outcome(task));
        }
    }

private:
    using statement = eddy::coro<> (interpreter::*)(const json& each, std::string where);

    void note(const std::string& where, const std::string& what) {
        const auto time =
            std::chrono::duration_cast<std::chrono::microseconds>(eddy::now() - begun_);
        std::cout << time.count() << ' ' << where << ' ' << what << '\n';
    }

    template <typename Thing>
    static Thing& at(std::list<Thing>& things, const json& each) {
        return *std::next(things.begin(), each["on"].get<std::ptrdiff_t>());
    }

    std::vector<int> left() const {
        std::vector<int> out;
        for (const auto& [number, task] : tasks_) {
            if (!task.done()) {
                out.push_back(number);
            }
        }
        return out;
    }

    std::string cancel(int number) { return tasks_.at(number).cancel() ? "true" : "false"; }

    static std::string outcome(const eddy::task<>& task) {
        if (task.cancelled()) {
            return "cancelled";
        }
        const std::exception_ptr error = task.exception();
        return error == nullptr ? "returned" : "failed " + what_of(error);
    }

    eddy::coro<> body(const json& statements, std::string path) {
        int number = 0;
        for (const json& each : statements) {
            const std::string where = path + "." + std::to_string(number++);
            if (!each["pause"].is_null()) {
                co_await eddy::sleep(microseconds(each["pause"]));
            }
            co_await (this->*statement_of(each["op"]))(each, where);
        }
    }

    // -- statements --

    eddy::coro<> turn(const json& /*each*/, std::string where) {
        co_await eddy::yield();
        note(where, "turn");
    }
    eddy::coro<> sleep(const json& each, std::string where) {
        co_await eddy::sleep(microseconds(each["time"]));
        note(where, "slept");
    }
    eddy::coro<> fail(const json& /*each*/, std::string where) {
        note(where, "fails");
        throw boom(where);
        co_return;
    }

    eddy::coro<> get(const json& each, std::string where) {
        const int item = co_await at(queues_, each).get();
        note(where, "got " + std::to_string(item));
    }
    eddy::coro<> put(const json& each, std::string where) {
        co_await at(queues_, each).put(each["value"].get<int>());
        note(where, "put");
    }
    eddy::coro<> get_nowait(const json& each, std::string where) {
        try {
            const int item = at(queues_, each).get_nowait();
            note(where, "got " + std::to_string(item));
        } catch (const eddy::queue_empty&) {
            note(where, "empty");
        }
        co_return;
    }
    eddy::coro<> put_nowait(const json& each, std::string where) {
        try {
            at(queues_, each).put_nowait(each["value"].get<int>());
            note(where, "put");
        } catch (const eddy::queue_full&) {
            note(where, "full");
        }
        co_return;
    }

    eddy::coro<> set(const json& each, std::string where) {
        at(events_, each).set();
        note(where, "set");
        co_return;
    }
    eddy::coro<> clear(const json& each, std::string where) {
        at(events_, each).clear();
        note(where, "cleared");
        co_return;
    }
    eddy::coro<> wait(const json& each, std::string where) {
        co_await at(events_, each).wait();
        note(where, "is set");
    }

    eddy::coro<> lock(const json& each, std::string where) {
        {
            const auto held = co_await at(locks_, each).acquire();
            note(where, "locked");
            co_await body(each["body"], where);
        }
        note(where, "unlocked");
    }
    eddy::coro<> semaphore(const json& each, std::string where) {
        {
            const auto held = co_await at(semaphores_, each).acquire();
            note(where, "acquired");
            co_await body(each["body"], where);
        }
        note(where, "released");
    }

    eddy::coro<> timeout(const json& each, std::string where) {
        try {
            co_await eddy::timeout(microseconds(each["time"]), [&](eddy::timeout_scope& /*scope*/) {
                return body(each["body"], where);
            });
            note(where, "in time");
        } catch (const eddy::timeout_error&) {
            note(where, "too late");
        }
    }
    eddy::coro<> catch_all(const json& each, std::string where) {
        const auto result = co_await eddy::as_result(body(each["body"], where));
        if (result.has_value()) {
            note(where, "done");
        } else if (result.cancelled()) {
            note(where, "caught a cancel, " + std::to_string(eddy::current_task().cancelling()));
        } else {
            note(where, "caught " + what_of(result.error()));
        }
    }

    eddy::coro<> spawn(const json& each, std::string where) {
        const int number = each["task"].get<int>();
        if (tasks_.contains(number)) {
            note(where, "spawned already");
            co_return;
        }
        tasks_.emplace(number,
                       eddy::create_task(body(program_["tasks"][number], std::to_string(number))));
        note(where, "spawned");
    }
    eddy::coro<> await(const json& each, std::string where) {
        if (const auto found = tasks_.find(each["task"].get<int>()); found != tasks_.end()) {
            co_await found->second;
            note(where, "has ended");
        }
    }
    eddy::coro<> shield(const json& each, std::string where) {
        if (const auto found = tasks_.find(each["task"].get<int>()); found != tasks_.end()) {
            co_await eddy::shield(found->second);
            note(where, "has ended");
        }
    }
    eddy::coro<> gather(const json& each, std::string where) {
        std::vector<eddy::task<>> all;
        for (const json& number : each["tasks"]) {
            if (const auto found = tasks_.find(number.get<int>()); found != tasks_.end()) {
                all.push_back(found->second);
            }
        }
        if (const std::size_t count = all.size(); count != 0) {
            co_await eddy::gather(std::move(all));
            note(where, std::to_string(count) + " have ended");
        }
    }
    eddy::coro<> cancel_other(const json& each, std::string where) {
        if (const int number = each["task"].get<int>(); tasks_.contains(number)) {
            const std::string found = cancel(number);
            note(where, "cancels: " + found);
        }
        co_return;
    }

    static statement statement_of(const std::string& op) {
        static const std::map<std::string, statement> statements = {
            {"turn", &interpreter::turn},
            {"sleep", &interpreter::sleep},
            {"fail", &interpreter::fail},
            {"get", &interpreter::get},
            {"put", &interpreter::put},
            {"get_nowait", &interpreter::get_nowait},
            {"put_nowait", &interpreter::put_nowait},
            {"set", &interpreter::set},
            {"clear", &interpreter::clear},
            {"wait", &interpreter::wait},
            {"lock", &interpreter::lock},
            {"semaphore", &interpreter::semaphore},
            {"timeout", &interpreter::timeout},
            {"catch", &interpreter::catch_all},
            {"spawn", &interpreter::spawn},
            {"await", &interpreter::await},
            {"shield", &interpreter::shield},
            {"gather", &interpreter::gather},
            {"cancel", &interpreter::cancel_other},
        };
        return statements.at(op);
    }

    const json& program_;
    std::list<eddy::lock> locks_;
    std::list<eddy::semaphore> semaphores_;
    std::list<eddy::event> events_;
    std::list<eddy::queue<int>> queues_;
    std::map<int, eddy::task<>> tasks_;
    eddy::clock::time_point begun_;
};

} // namespace

int main() {
    eddy::on_unhandled([](const eddy::report& /*ignored*/) {}); // programs fail on purpose
    for (std::string line; std::getline(std::cin, line);) {
        const json program = json::parse(line);
        std::cout << "program " << program["seed"] << '\n';
        interpreter one(program);
        eddy::run(one.main(), {.workers = 1, .virtual_time = true});
    }
}
