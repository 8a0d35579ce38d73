// processes.cpp — blocking calls, a forked process for each.

#include "../child.hpp"
#include "common.hpp"

#include <vector>

namespace eddy::compare::blocking {

metrics run_processes(const request& asked) {
    record record;
    return record.of(asked.size, [](std::uint64_t count, const call& what) {
        std::vector<child> calls;
        calls.reserve(count);
        while (calls.size() < count) {
            calls.emplace_back([&what] { what.make(); });
        }
        for (child& each : calls) {
            each.join();
        }
    });
}

} // namespace eddy::compare::blocking
