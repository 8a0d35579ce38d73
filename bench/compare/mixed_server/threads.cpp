// threads.cpp — mixed server, a std::thread for every request.

#include "common.hpp"

#include <thread>
#include <vector>

namespace eddy::compare::mixed_server {

metrics run_threads(const request& asked) {
    requests all(asked);
    {
        std::vector<std::jthread> answering;
        answering.reserve(all.count());
        all.put([&](std::size_t i) { answering.emplace_back([&all, i] { all.answer_here(i); }); });
    }
    return all.result();
}

} // namespace eddy::compare::mixed_server
