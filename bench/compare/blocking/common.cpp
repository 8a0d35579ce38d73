// common.cpp — blocking calls: how they are measured.

#include "common.hpp"

namespace eddy::compare::blocking {

void measure(calls::measured_calls& all, std::uint64_t count, const calls::maker& make_all) {
    using calls::kind;
    const meter time;
    const auto each_ns = [&](const probed& made) {
        return nanoseconds(made.wall) / static_cast<double>(count);
    };
    all.add_waiting(count, make_all);
    metrics& found = all.found();
    found["file_ns"] = each_ns(all.made(kind::file, count, make_all));
    found["name_ns"] = each_ns(all.made(kind::name, count, make_all));
    const probed sleeping = all.made(kind::sleep, count, make_all);
    found["sleep_ns"] = each_ns(sleeping);
    found["late_max_ns"] = sleeping.late.quantile_ns(1);
    found["total_ns"] = nanoseconds(time.wall());
}

} // namespace eddy::compare::blocking
