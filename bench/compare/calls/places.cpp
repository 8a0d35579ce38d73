// places.cpp — where a call is made that keeps its thread: on the loop, on a thread or in a process
// of its own.

#include "places.hpp"

#include "../child.hpp"
#include "../probe_thread.hpp"

#include <thread>
#include <vector>

namespace eddy::compare::calls {

namespace {

eddy::coro<> make_inline(call what) {
    make(what);
    co_return;
}

} // namespace

probed on_loop::make_all(std::uint64_t count, const call& what) {
    return loops_.run_until_complete(await_probed(count, [&] { return make_inline(what); }));
}

probed on_threads::make_all(std::uint64_t count, const call& what) {
    return with_probe_thread([&] {
        std::vector<std::jthread> made;
        made.reserve(count);
        while (made.size() < count) {
            made.emplace_back(make, what);
        }
    });
}

probed in_processes::make_all(std::uint64_t count, const call& what) {
    return with_probe_thread([&] {
        std::vector<child> made;
        made.reserve(count);
        while (made.size() < count) {
            made.emplace_back([&] { make(what); });
        }
        for (child& each : made) {
            each.join();
        }
    });
}

} // namespace eddy::compare::calls
