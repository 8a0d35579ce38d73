// context_var.cpp — a request's id, known to everything that the request sets going.
//
// Shows:     context_var through awaits, gathers, tasks, callbacks and plain functions; a copy of a
//            context for a thread of one's own.
// Output:
//   [request 1] begins
//   [request 1] from the cache
//   [request 1] from the database
//   [request 1] written by a task that outlives it
//   [request 1] in a callback
//   [request 1] in a thread
//   [request 2] nothing of this is seen outside
//   [no request] ends

#include <eddy/eddy.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

using namespace std::chrono_literals;

const eddy::context_var<std::string> request("request", "no request");

// A plain function, as in any logging library.
void log(const char* what) {
    std::printf("[%s] %s\n", request.get().c_str(), what);
}

eddy::coro<> ask(const char* what, std::chrono::milliseconds takes) {
    co_await eddy::sleep(takes);
    log(what);
}

eddy::coro<eddy::task<>> handle(int number) {
    const auto bound = request.set("request " + std::to_string(number));
    log("begins");
    co_await eddy::gather(ask("from the database", 20ms), ask("from the cache", 10ms));
    (void)eddy::get_running_loop().call_later(20ms, [] { log("in a callback"); });
    co_return eddy::create_task(ask("written by a task that outlives it", 10ms));
}

eddy::coro<> amain() {
    const auto written = co_await handle(1); // the token has died with the coroutine
    co_await written;
    co_await eddy::sleep(20ms);

    eddy::context copy;
    {
        const auto bound = request.set("request 1");
        copy = eddy::copy_context();
    }
    std::thread([copy] { copy.run([] { log("in a thread"); }); }).join();

    co_await eddy::create_task([]() -> eddy::coro<> {
        const auto bound = request.set("request 2");
        co_await ask("nothing of this is seen outside", 1ms);
    });
    log("ends");
}

int main() {
    eddy::run(amain());
}
