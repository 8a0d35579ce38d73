// version.hpp — the version of the headers, and the version of the library they run with.

#pragma once

#include <eddy/base/export.hpp>

#include <string_view>

#define EDDY_VERSION_MAJOR 0
#define EDDY_VERSION_MINOR 1
#define EDDY_VERSION_PATCH 0

namespace eddy::inline v0 {

/// The version of the headers this program was compiled with, as "major.minor.patch".
inline constexpr std::string_view header_version = "0.1.0";

/// The version of the library the program runs with.
[[nodiscard]] EDDY_API std::string_view library_version() noexcept;

} // namespace eddy::inline v0
