// progress.cpp — shows on stderr how far the comparison is, and leaves the terminal as it was.

#include "progress.hpp"

#include "text.hpp"

#include <algorithm>
#include <iostream>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

namespace eddy::cli {

namespace {

constexpr std::size_t bar_columns = 24;
constexpr std::string_view clear_line = "\r\x1b[K";

std::size_t terminal_columns() noexcept {
    constexpr std::size_t usual = 80;
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

} // namespace

progress::progress(std::size_t steps)
    : output_(::isatty(STDERR_FILENO) == 1 ? output::terminal : output::lines), steps_(steps) {}

progress::~progress() {
    if (output_ == output::terminal) {
        std::cerr << clear_line << std::flush;
    }
}

void progress::begin_round(std::size_t round, std::size_t rounds) {
    if (output_ == output::lines) {
        std::cerr << "round " << round << " of " << rounds << '\n';
    }
}

void progress::show(std::string_view what) {
    if (output_ == output::lines) {
        return;
    }
    const std::size_t steps = std::max<std::size_t>(steps_, 1);
    const std::size_t filled = std::min(done_, steps) * bar_columns / steps;
    std::string line = "[" + std::string(filled, '#') + std::string(bar_columns - filled, '.') +
                       "] " + std::to_string(done_) + "/" + std::to_string(steps_) + "  ";
    for (const char byte : what) {
        line += byte;
        if (width_of(line) >= terminal_columns()) {
            line.pop_back(); // a line that is too wide would scroll
            break;
        }
    }
    std::cerr << clear_line << line << std::flush;
}

void progress::skip(std::size_t steps) noexcept {
    steps_ -= std::min(steps, steps_ - done_);
}

} // namespace eddy::cli
