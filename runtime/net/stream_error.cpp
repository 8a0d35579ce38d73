// stream_error.cpp — the texts of stream errors.

#include <eddy/net/stream_error.hpp>

namespace eddy::inline v0 {

incomplete_read_error::incomplete_read_error(std::string partial, std::size_t expected)
    : std::runtime_error(std::to_string(partial.size()) +
                         " bytes were read before the end of the stream; expected " +
                         (expected == 0 ? "a separator" : std::to_string(expected))),
      partial_(std::move(partial)), expected_(expected) {}

incomplete_read_error::~incomplete_read_error() = default;
limit_overrun_error::~limit_overrun_error() = default;

} // namespace eddy::inline v0
