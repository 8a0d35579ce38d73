// fork_join_once.cpp — one fork-join program, run once in a process of its own.
//
// Question: what does this contender take for this program?   Unit: nanoseconds; one line of JSON.
// Valid if: runs of two contenders take turns, which is bench/run_pairs.py's business.
//
// usage: fork_join_once fib|skynet|nqueens|matmul serial|eddy|tbb|openmp [WORKERS [SIZE]]

#include "fork_join_workloads.hpp"

#include <cstdio>
#include <exception>
#include <span>
#include <string>

namespace {

using namespace eddy::compare;

template <typename Named, std::size_t Count>
const Named* find(const std::array<Named, Count>& among, std::string_view name) {
    for (const Named& each : among) {
        if (each.name == name) {
            return &each;
        }
    }
    return nullptr;
}

void print(std::string_view workload, std::string_view contender, const request& asked,
           const metrics& found) {
    std::printf(R"({"workload": "%s", "contender": "%s", "workers": %u, "size": %llu)",
                std::string(workload).c_str(), std::string(contender).c_str(), asked.cores,
                static_cast<unsigned long long>(asked.size));
    for (const auto& [name, value] : found) {
        std::printf(R"(, "%s": %.1f)", name.c_str(), value);
    }
    std::printf("}\n");
}

int run(std::span<char*> arguments) {
    if (arguments.size() < 3) {
        std::fputs("usage: fork_join_once WORKLOAD CONTENDER [WORKERS [SIZE]]\n", stderr);
        return 2;
    }
    const auto* workload = find(fork_join_workloads, arguments[1]);
    const auto* contender =
        workload == nullptr ? nullptr : find(workload->contenders, arguments[2]);
    if (contender == nullptr) {
        std::fputs("fork_join_once: there is no such workload or contender\n", stderr);
        return 2;
    }
    request asked{.size = workload->size, .cores = 1};
    if (arguments.size() > 3) {
        asked.cores = static_cast<unsigned>(std::stoul(arguments[3]));
    }
    if (arguments.size() > 4) {
        asked.size = std::stoull(arguments[4]);
    }
    print(workload->name, contender->name, asked, contender->run(asked));
    return 0;
}

} // namespace

int main(int count, char** arguments) {
    try {
        return run({arguments, static_cast<std::size_t>(count)});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fork_join_once: %s\n", error.what());
        return 1;
    }
}
