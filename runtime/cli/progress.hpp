// progress.hpp — shows on stderr how far the comparison is, and leaves the terminal as it was.

#pragma once

#include <cstddef>
#include <string_view>

namespace eddy::cli {

/// A bar in one line if stderr is a terminal; else a line for each round.
class progress {
public:
    explicit progress(std::size_t steps);
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    ~progress();

    void begin_round(std::size_t round, std::size_t rounds);

    /// Says what is measured now.
    void show(std::string_view what);

    void step_done() noexcept { ++done_; }

    /// Steps that will not be needed.
    void skip(std::size_t steps) noexcept;

private:
    enum class output { terminal, lines };

    output output_;
    std::size_t steps_;
    std::size_t done_ = 0;
};

} // namespace eddy::cli
