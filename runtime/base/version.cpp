// version.cpp — the version compiled into the library.

#include <eddy/base/version.hpp>

namespace eddy::inline v0 {

std::string_view library_version() noexcept {
    return header_version;
}

} // namespace eddy::inline v0
