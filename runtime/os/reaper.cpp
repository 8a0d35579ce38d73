// reaper.cpp — a thread a child: such children are rare, or about to end.

#include "os/reaper.hpp"

#include <eddy/base/syscall_process.hpp>

#include <thread>

namespace eddy::inline v0 {

void reap_later(int pid) noexcept {
    try {
        const sys::blocked_signals block;
        std::thread([pid] {
            sys::set_thread_name("eddy-reaper");
            sys::reap(pid);
        }).detach();
    } catch (...) { // no thread: see above
    }
}

} // namespace eddy::inline v0
