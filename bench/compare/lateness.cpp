// lateness.cpp — a probe that is due every millisecond, and how late it is served: what the rest of
// a program sees of the work.

#include "lateness.hpp"

#include "median.hpp"

namespace eddy::compare {

void lateness::serve_missed() {
    const auto now = clock::now();
    while (next_due() <= now) {
        serve(next_due());
    }
}

double lateness::quantile_ns(double part) const {
    return quantile(spans_, part);
}

void probed::add_to(metrics& found) const {
    found["total_ns"] = nanoseconds(wall);
    found["cpu_ns"] = nanoseconds(cpu);
    found["late_p50_ns"] = late.quantile_ns(0.5);
    found["late_p99_ns"] = late.quantile_ns(0.99);
    found["late_max_ns"] = late.quantile_ns(1);
}

} // namespace eddy::compare
