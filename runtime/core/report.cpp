// report.cpp — the process's handler of reports, and the default line on stderr.

#include <eddy/core/promise.hpp>
#include <eddy/core/report.hpp>

#include <cstdio>
#include <memory>
#include <mutex>

namespace eddy::inline v0 {
namespace {

std::mutex handler_lock;

// Never destroyed: workers may go on, and report, while the process exits.
union kept_handler {
    constexpr kept_handler() noexcept : value() {}
    kept_handler(const kept_handler&) = delete;
    kept_handler& operator=(const kept_handler&) = delete;
    ~kept_handler() {} // NOLINT(modernize-use-equals-default): that would be deleted

    std::shared_ptr<const unhandled_handler> value; // null: the default
};
constinit kept_handler handler;

std::shared_ptr<const unhandled_handler> current_handler() {
    const std::lock_guard hold(handler_lock);
    return handler.value;
}

} // namespace

unhandled_handler on_unhandled(unhandled_handler next) {
    auto shared = next ? std::make_shared<const unhandled_handler>(std::move(next)) : nullptr;
    const std::lock_guard hold(handler_lock);
    handler.value.swap(shared);
    return shared ? *shared : unhandled_handler();
}

void emit(const report& what) noexcept {
    try {
        if (const auto mine = current_handler()) {
            (*mine)(what);
        } else {
            std::fprintf(stderr, "eddy: %s\n", what.message.c_str());
        }
    } catch (...) { // a handler must not throw; there is nobody left to tell
        std::fputs("eddy: the handler of on_unhandled threw\n", stderr);
    }
}

void report_never_awaited(promise_base& promise) noexcept {
    if (std::uncaught_exceptions() != 0) {
        return;
    }
    try {
        const std::source_location site = promise.site();
        emit({.kind = report_kind::never_awaited,
              .message = std::string("coroutine ") + site.function_name() + ", defined at " +
                         site.file_name() + ":" + std::to_string(site.line()) +
                         ", was never awaited",
              .task_name = {},
              .site = site,
              .error = nullptr});
    } catch (...) { // out of memory: the report is lost, the program is not
    }
}

void emit_callback_failure(const char* what, const std::exception_ptr& error,
                           std::source_location site) noexcept {
    try {
        emit({.kind = report_kind::callback_failed,
              .message = std::string(what) + " threw: " + describe(error),
              .task_name = {},
              .site = site,
              .error = error});
    } catch (...) { // out of memory: the report is lost, the program is not
    }
}

std::string describe(const std::exception_ptr& error) {
    if (error == nullptr) {
        return "no exception";
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& known) {
        return known.what();
    } catch (...) {
        return "unknown exception";
    }
}

} // namespace eddy::inline v0
