// with.cpp — reports of exceptions and cleanup that nobody sees.

#include <eddy/core/report.hpp>
#include <eddy/core/with.hpp>

namespace eddy::inline v0 {

void report_replaced(const std::exception_ptr& lost, const std::exception_ptr& by) noexcept {
    if (lost == nullptr || lost == by || is_cancellation(lost) || is_generator_exit(lost)) {
        return;
    }
    try {
        emit({.kind = report_kind::replaced,
              .message = "an exception was replaced by one of the cleanup after it: " +
                         describe(lost) + " (replaced by: " + describe(by) + ")",
              .task_name = {},
              .site = {},
              .error = lost});
    } catch (...) { // out of memory: the report is lost, the program is not
    }
}

void report_cleanup_skipped(std::source_location site) noexcept {
    try {
        emit({.kind = report_kind::cleanup_skipped,
              .message = std::string("a cleanup never ran, given at ") + site.file_name() + ":" +
                         std::to_string(site.line()) +
                         ": its generator or exit_stack was destroyed unfinished; await aclose()",
              .task_name = {},
              .site = site,
              .error = nullptr});
    } catch (...) { // out of memory: the report is lost, the program is not
    }
}

} // namespace eddy::inline v0
