// echo_load.cpp — puts load on an echo server and prints what it found.
//
// Question: how many requests a second, how long does one take, and what does the server pay?
// Unit:     nanoseconds and counts; one line of JSON. The server_cpu values need --server-pid.
// Valid if: this program is not the limit: its own core is not full, or it is the same for both
//           of a pair, which is bench/compare/echo/run.py's business.

#include "load.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace {

using namespace eddy::compare;
using namespace eddy::compare::echo;

std::chrono::nanoseconds seconds(double count) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(count * 1e9));
}

void print(const metrics& found) {
    const char* before = "{";
    for (const auto& [name, value] : found) {
        std::printf(R"(%s"%s": %.6g)", before, name.c_str(), value);
        before = ", ";
    }
    std::printf("}\n");
}

} // namespace

int main(int count, char** arguments) {
    load_options asked;
    std::string to;
    double warm_up = 0.2;
    double duration = 1;
    CLI::App options("Puts load on an echo server, checks its answers, prints one line of JSON.");
    options.add_option("to", to, "tcp:PORT, udp:PORT or unix:NAME, as the server printed it")
        ->required();
    options.add_option("--connections", asked.connections);
    options.add_option("--bytes", asked.message_bytes, "of a message");
    options.add_option("--threads", asked.threads, "of this program");
    options.add_option("--warm-up", warm_up, "seconds that are not measured");
    options.add_option("--seconds", duration, "that are measured");
    options.add_option("--rate", asked.rate, "requests a second in all; 0: closed loop");
    options.add_option("--requests-each", asked.requests_each,
                       "end when each connection has had so many answers");
    options.add_option(
        "--burn-share", asked.burn_share,
        "of the requests ask the server for its --burn-us; latencies are the others'");
    options.add_option("--server-pid", asked.server, "measures the CPU time of this process");
    CLI11_PARSE(options, count, arguments);
    asked.warm_up = seconds(warm_up);
    asked.duration = seconds(duration);
    try {
        asked.to = endpoint::parse(to);
        print(put_load(asked).summary());
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "echo_load: %s\n", error.what());
        return 1;
    }
}
