// ignored_children.hpp — a process in which nobody can wait for a child: SIGCHLD is ignored.

#pragma once

#include <csignal>

namespace eddy::test_support {

/// While it lives.
class ignored_children {
public:
    ~ignored_children() { std::signal(SIGCHLD, before_); }
    ignored_children() = default;
    ignored_children(const ignored_children&) = delete;
    ignored_children& operator=(const ignored_children&) = delete;

private:
    void (*before_)(int) = std::signal(SIGCHLD, SIG_IGN);
};

} // namespace eddy::test_support
