// executor_job.cpp — the home of a virtual table.

#include <eddy/exec/executor_job.hpp>

namespace eddy::inline v0 {

executor_job::~executor_job() = default;

} // namespace eddy::inline v0
