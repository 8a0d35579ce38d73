// simulate.cpp — the options of a simulation, failed seeds, and hashes of steps.

#include <eddy/core/report.hpp>
#include <eddy/testing/simulate.hpp>

#include <cstdio>
#include <string>
#include <string_view>

namespace eddy::inline v0 {

runtime_options simulated(std::uint64_t seed, const simulate_options& options) {
    runtime_options out;
    out.workers = options.workers;
    out.simulation =
        simulation_options{.seed = seed, .time = options.time, .on_step = options.on_step};
    return out;
}

void print_failed_seed(std::uint64_t seed, std::size_t number, std::size_t runs,
                       const std::exception_ptr& error) noexcept {
    try {
        const std::string why = error == nullptr ? "" : ": " + describe(error);
        std::fprintf(stderr,
                     "eddy: run %zu of %zu failed%s\n"
                     "eddy: EDDY_SEED=0x%llx repeats it; with EDDY_TRACE=1 it prints every step\n",
                     number, runs, why.c_str(), static_cast<unsigned long long>(seed));
    } catch (...) { // out of memory: the seed has to do
        std::fprintf(stderr, "eddy: EDDY_SEED=0x%llx failed\n",
                     static_cast<unsigned long long>(seed));
    }
}

void trace_hash::operator()(const simulated_step& step) noexcept {
    const auto add = [this](std::uint64_t number) {
        constexpr std::uint64_t prime = 0x100000001b3;
        for (unsigned shift = 0; shift != 64; shift += 8) {
            value_ = (value_ ^ ((number >> shift) & 0xff)) * prime;
        }
    };
    add(static_cast<std::uint64_t>(step.what));
    add(step.worker);
    add(step.from);
    add(static_cast<std::uint64_t>(step.now.time_since_epoch().count()));
    add(step.site.line());
    for (const char each : std::string_view(step.site.file_name())) {
        add(static_cast<unsigned char>(each));
    }
}

} // namespace eddy::inline v0
