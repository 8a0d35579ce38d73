// threads.cpp — blocking calls, a std::thread for each.

#include "common.hpp"

#include <thread>
#include <vector>

namespace eddy::compare::blocking {

metrics run_threads(const request& asked) {
    record record;
    return record.of(asked.size, [](std::uint64_t count, const call& what) {
        std::vector<std::jthread> calls;
        calls.reserve(count);
        while (calls.size() < count) {
            calls.emplace_back([&what] { what.make(); });
        }
    });
}

} // namespace eddy::compare::blocking
