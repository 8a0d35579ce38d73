// child.cpp — a forked process that never outlives the one that forked it.

#include "child.hpp"

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>
#include <system_error>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace eddy::compare {

namespace {

int reap(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "waitpid");
        }
    }
    return status;
}

} // namespace

pid_t child::fork_with_parent() {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
        throw std::system_error(errno, std::generic_category(), "fork");
    }
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) {
            leave(1); // the parent died before the line above
        }
    }
    return pid;
}

void child::leave(int code) {
    ::_exit(code);
}

void child::join() {
    const int status = reap(std::exchange(pid_, 0));
    if (status != 0) {
        throw std::runtime_error("a child process ended with status " + std::to_string(status));
    }
}

child::~child() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
    }
}

} // namespace eddy::compare
