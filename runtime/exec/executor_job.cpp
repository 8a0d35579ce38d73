// executor_job.cpp — the homes of virtual tables.

#include <eddy/exec/executor_job.hpp>

namespace eddy::inline v0 {

executor_shut_down::~executor_shut_down() = default;
executor_job::~executor_job() = default;

} // namespace eddy::inline v0
