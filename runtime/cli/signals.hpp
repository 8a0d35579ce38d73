// signals.hpp — the signals that end the program, as a descriptor to poll instead of handlers.
//
// Threads:    made by main before any other thread exists, so that all of them inherit the mask.

#pragma once

#include <eddy/io/fd.hpp>

#include <csignal>
#include <optional>

namespace eddy::cli {

/// Blocks SIGINT, SIGTERM and SIGHUP for its lifetime.
class signals {
public:
    signals();
    signals(const signals&) = delete;
    signals& operator=(const signals&) = delete;
    ~signals();

    /// Readable once a signal has arrived.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

    /// The mask from before, for the programs that are started meanwhile.
    [[nodiscard]] const sigset_t& mask_before() const noexcept { return before_; }

    /// Gives the first signal that has arrived, if any; keeps giving it.
    [[nodiscard]] std::optional<int> arrived();

private:
    sigset_t before_{};
    owned_fd fd_;
    std::optional<int> arrived_;
};

} // namespace eddy::cli
