// signals.cpp — the signals that end the program, as a descriptor to poll instead of handlers.

#include "signals.hpp"

#include <cerrno>

#include <sys/signalfd.h>
#include <unistd.h>

namespace eddy::cli {

signals::signals() {
    sigset_t ending;
    sigemptyset(&ending);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        sigaddset(&ending, number);
    }
    ::pthread_sigmask(SIG_BLOCK, &ending, &before_);
    fd_.reset(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_) {
        sys::throw_error("signalfd", errno);
    }
}

signals::~signals() {
    // What is still pending was seen as arrived(), and must not kill when it is unblocked.
    while (arrived_) {
        signalfd_siginfo info{};
        if (::read(fd_.get(), &info, sizeof info) <= 0) {
            break;
        }
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> signals::arrived() {
    signalfd_siginfo info{};
    if (!arrived_ && ::read(fd_.get(), &info, sizeof info) == sizeof info) {
        arrived_ = static_cast<int>(info.ssi_signo);
    }
    return arrived_;
}

} // namespace eddy::cli
