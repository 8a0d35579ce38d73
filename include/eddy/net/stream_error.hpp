// stream_error.hpp — what a stream says when it ends too early, or a line is too long.

#pragma once

#include <eddy/base/export.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace eddy::inline v0 {

/// The stream has ended before what was asked for was complete.
class EDDY_API incomplete_read_error : public std::runtime_error {
public:
    /// `expected`: 0 if that is not a number of bytes but a separator.
    incomplete_read_error(std::string partial, std::size_t expected);
    ~incomplete_read_error() override;

    /// What came before the end.
    [[nodiscard]] const std::string& partial() const noexcept { return partial_; }
    [[nodiscard]] std::size_t expected() const noexcept { return expected_; }

private:
    std::string partial_;
    std::size_t expected_;
};

/// A separator has not come within the limit of the reader. What was read stays there.
class EDDY_API limit_overrun_error : public std::runtime_error {
public:
    limit_overrun_error(const std::string& what, std::size_t consumed)
        : std::runtime_error(what), consumed_(consumed) {}
    ~limit_overrun_error() override;

    /// How many bytes have to be read to get past what was looked through.
    [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }

private:
    std::size_t consumed_;
};

} // namespace eddy::inline v0
