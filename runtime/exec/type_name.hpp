// type_name.hpp — what a type is called, for people.

#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>

#include <cxxabi.h>

namespace eddy::inline v0 {

inline std::string type_name(const std::type_info& of) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(of.name(), nullptr, nullptr, &status), &std::free);
    return status == 0 ? text.get() : of.name();
}

} // namespace eddy::inline v0
