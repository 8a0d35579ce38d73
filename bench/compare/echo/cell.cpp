// cell.cpp — one echo server against one load, for `eddy compare`.

#include "cell.hpp"

#include "../child.hpp"
#include "../meter.hpp"
#include "../pipe.hpp"
#include "common.hpp"
#include "load.hpp"

#include <array>
#include <cstring>

namespace eddy::compare::echo {

namespace {

constexpr auto warm_up = std::chrono::milliseconds(100);
constexpr auto measured = std::chrono::milliseconds(300);

/// Where a server listens, for a pipe.
struct where {
    std::array<char, 32> text{};
};

metrics run(server serve, const request& asked) {
    pipe told;
    const child process([&] {
        serve({.cores = asked.cores, .listening = [&](const endpoint& at) {
                   where out;
                   std::strncpy(out.text.data(), at.str().c_str(), out.text.size() - 1);
                   told.write(out);
               }});
    });
    told.close_write_end(); // if the child fails, the read does
    const where at = told.read<where>();
    const load_result found = put_load({.to = endpoint::parse(at.text.data()),
                                        .connections = static_cast<unsigned>(asked.size),
                                        .warm_up = warm_up,
                                        .duration = measured,
                                        .server = process.pid()});
    if (found.latency.total() == 0) {
        throw wrong_result("no request was answered");
    }
    metrics out = found.summary();
    out["request_ns"] = 1e9 / out["requests_per_second"];
    out["total_ns"] = nanoseconds(warm_up + measured);
    return out;
}

} // namespace

metrics run_threads(const request& asked) {
    return run(serve_threads, asked);
}

metrics run_processes(const request& asked) {
    return run(serve_processes, asked);
}

metrics run_coroutines(const request& asked) {
    return run(serve_eddy, asked);
}

} // namespace eddy::compare::echo
