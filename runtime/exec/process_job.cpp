// process_job.cpp — what is in force where a job is made, and goes with it.

#include <eddy/core/context.hpp>
#include <eddy/exec/process_job.hpp>
#include <eddy/exec/registered_context_var.hpp>
#include <eddy/sched/sleep.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace eddy::inline v0 {
namespace {

// The earlier of the two, on the real clock: that of the runtime may be a virtual one.
clock::time_point deadline_here(std::chrono::nanoseconds limit) {
    const clock::time_point inherited = current_deadline();
    const clock::time_point here = try_get_running_loop() != nullptr ? eddy::now() : clock::now();
    const clock::duration left = std::min<clock::duration>(time_until(inherited, here), limit);
    return left == clock::duration::max() ? clock::time_point::max()
                                          : deadline_after(clock::now(), left);
}

} // namespace

void encoded_call::put_context() {
    const std::size_t bytes = registered_context_var::encode_set(bytes_);
    if (bytes > std::numeric_limits<std::uint32_t>::max()) {
        throw std::length_error("context variables of more than 4 GB cannot go with a job");
    }
    context_bytes_ = static_cast<std::uint32_t>(bytes);
}

process_job::process_job(kind what, encoded_call call, const process_job_options& options)
    : kind_(what), function_(&call.function()), context_bytes_(call.context_bytes()),
      call_(call.take()), deadline_(deadline_here(options.limit)), on_cancel_(options.on_cancel),
      repeats_left_(options.repeats) {}

process_job::~process_job() = default;

} // namespace eddy::inline v0
