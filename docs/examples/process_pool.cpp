// process_pool.cpp — calls in processes of their own: one that crashes, one that throws, one that
// never ends; the program goes on.
//
// Output:
//     in another process: yes
//     crash: ended by signal 11 while the others went on: 1 + 2 + 3 = 6
//     caught: no such recipe: soup
//     killed when its time was over
//     the same job, repeated until its process lived: done
//     for request 7: soup
//     still there: 8

#include <eddy/eddy.hpp>
#include <eddy/exec/process_pool_executor.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <unistd.h>

using namespace std::chrono_literals;

// -- what is called: functions with names --

int process_number() {
    return ::getpid();
}
int twice(int x) {
    return 2 * x;
}
int same(int x) {
    return x;
}
void crash() {
    std::signal(SIGSEGV, SIG_DFL); // whatever watches this program
    (void)std::raise(SIGSEGV);
}
void never_end() {
    for (;;) {
        ::pause();
    }
}

struct unknown_recipe : std::runtime_error {
    using std::runtime_error::runtime_error;
};
std::string cook(const std::string& what) {
    throw unknown_recipe("no such recipe: " + what);
}

// What the work is for: set once, seen by all that comes out of it, also elsewhere.
eddy::context_var<int> request_id("request_id", 0);
EDDY_CONTEXT_VAR(request_id);

std::string prepare(const std::string& what) {
    return "for request " + std::to_string(request_id.get()) + ": " + what;
}

// Dies when it is called for the first time.
std::string fragile(const std::string& note) {
    if (!std::filesystem::exists(note)) {
        std::ofstream(note) << "was here";
        (void)std::raise(SIGKILL);
    }
    return "done";
}

EDDY_FUNCTION(process_number);
EDDY_FUNCTION(twice);
EDDY_FUNCTION(same);
EDDY_FUNCTION(crash);
EDDY_FUNCTION(never_end);
EDDY_FUNCTION(cook);
EDDY_FUNCTION(prepare);
EDDY_FUNCTION(fragile);
EDDY_EXCEPTION(unknown_recipe);

// -- the program --

eddy::coro<> amain(const std::string& note) {
    eddy::process_pool_executor pool(2);
    const int elsewhere = co_await eddy::run_in_executor(pool, process_number);
    std::printf("in another process: %s\n", elsewhere != ::getpid() ? "yes" : "no");

    const auto bad = pool.submit(crash);
    const auto [a, b, c] =
        co_await eddy::gather(eddy::run_in_executor(pool, same, 1),
                              eddy::run_in_executor(pool, same, 2), pool.submit(same, 3));
    try {
        co_await bad;
    } catch (const eddy::broken_process_pool& error) {
        std::printf("crash: ended by signal %d while the others went on: %d + %d + %d = %d\n",
                    -error.status().value_or(0), a, b, c, a + b + c);
    }

    try {
        (void)co_await eddy::run_in_executor(pool, cook, "soup");
    } catch (const unknown_recipe& error) {
        std::printf("caught: %s\n", error.what());
    }

    try { // a deadline is the caller's, or the job's own: pool.with({.limit = 10ms})
        co_await eddy::wait_for(eddy::run_in_executor(pool, never_end), 10ms);
    } catch (const eddy::timeout_error&) {
        std::puts("killed when its time was over");
    }

    auto repeatable = pool.with({.repeats = 1});
    std::printf("the same job, repeated until its process lived: %s\n",
                (co_await eddy::run_in_executor(repeatable, fragile, note)).c_str());

    {
        const auto bound = request_id.set(7);
        std::puts((co_await eddy::run_in_executor(pool, prepare, "soup")).c_str());
    }

    std::printf("still there: %d\n", co_await eddy::run_in_executor(pool, twice, 4));
    co_await pool.aclose();
}

int main() {
    std::string folder = (std::filesystem::temp_directory_path() / "eddy-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        return EXIT_FAILURE;
    }
    eddy::run(amain(folder + "/note"));
    std::filesystem::remove_all(folder);
}
