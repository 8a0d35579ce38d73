// common.cpp — CPU-bound calls: how they are measured.

#include "common.hpp"

namespace eddy::compare::cpu_bound {

void measure(calls::measured_calls& all, std::uint64_t count, const calls::maker& make_all) {
    all.add_waiting(count, make_all);
    all.made(calls::kind::compute, count, make_all).add_to(all.found());
}

} // namespace eddy::compare::cpu_bound
