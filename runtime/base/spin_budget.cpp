// spin_budget.cpp — how many processors there are.

#include <eddy/base/spin_budget.hpp>
#include <eddy/base/syscall.hpp>

#include <system_error>

namespace eddy::inline v0 {

bool spin_budget::several_processors() noexcept {
    static const bool several = [] {
        try {
            return sys::sched_getaffinity_count() > 1;
        } catch (const std::system_error&) {
            return false;
        }
    }();
    return several;
}

} // namespace eddy::inline v0
