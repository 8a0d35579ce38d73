// processes.cpp — mixed server, a forked process for every request.

#include "../child.hpp"
#include "common.hpp"

#include <vector>

namespace eddy::compare::mixed_server {

metrics run_processes(const request& asked) {
    requests all(asked);
    std::vector<child> answering;
    answering.reserve(all.count());
    all.put([&](std::size_t i) { answering.emplace_back([&all, i] { all.answer_here(i); }); });
    for (child& each : answering) {
        each.join();
    }
    return all.result();
}

} // namespace eddy::compare::mixed_server
