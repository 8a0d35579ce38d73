// type_text.hpp — the name of a type as it is written in the source.

#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include <cxxabi.h>

namespace eddy::inline v0 {

/// `name` is what std::type_info::name() gives.
inline std::string type_text(const char* name) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
    return status == 0 ? text.get() : name;
}

} // namespace eddy::inline v0
