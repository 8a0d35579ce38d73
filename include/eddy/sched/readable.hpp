// readable.hpp — waiting for a descriptor of another library.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/io/reactor.hpp>

#include <system_error>

namespace eddy::inline v0 {

class EDDY_API ready_op final : public op, private fd_wait {
public:
    ready_op(int fd, interest what) noexcept : fd_wait(&ready), fd_(fd), what_(what) {}
    ready_op(ready_op&& fresh) noexcept
        : op(), fd_wait(&ready), fd_(fresh.fd_), what_(fresh.what_) {}

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise);
    void await_resume();

    abort_result abort() noexcept override;
    void show(await_look& look) const noexcept override;

private:
    static void ready(fd_wait& wait, unsigned events) noexcept;

    int fd_;
    interest what_;
    reactor* reactor_ = nullptr;
    std::error_code error_;
};

/// Suspends until `fd` can be read, or has failed: try the call and be ready for EAGAIN. A regular
/// file is always ready.
///
/// Throws:   std::system_error: EBADF; EEXIST if somebody waits for the same already.
/// Cancel:   at once; nothing is lost.
[[nodiscard]] inline ready_op readable(int fd) noexcept {
    return {fd, interest::read};
}
/// The same for writing.
[[nodiscard]] inline ready_op writable(int fd) noexcept {
    return {fd, interest::write};
}

} // namespace eddy::inline v0
