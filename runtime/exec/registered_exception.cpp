// registered_exception.cpp — the table of exception types, and those that are always in it.

#include "exec/type_text.hpp"
#include <eddy/base/mutex.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/exec/registered_exception.hpp>

#include <mutex>
#include <new>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include <cxxabi.h>

namespace eddy::inline v0 {

template <>
struct codec<std::system_error> {
    static void encode(code_writer& to, const std::system_error& from) {
        const bool generic = from.code().category() == std::generic_category();
        to.put(generic);
        to.put(std::int32_t{from.code().value()});
        std::string text = from.what();
        const std::string end = ": " + from.code().message(); // it comes back by itself
        if (text.ends_with(end)) {
            text.resize(text.size() - end.size());
        }
        to.put(text);
    }
    static std::system_error decode(code_reader& from) {
        const bool generic = from.get<bool>();
        const auto number = from.get<std::int32_t>();
        const auto& category = generic ? std::generic_category() : std::system_category();
        return {std::error_code(number, category), from.get<std::string>()};
    }
};

namespace {

struct exception_table {
    std::mutex lock;
    // The name of the type as the compiler has it -> entries, several if in several source files.
    std::unordered_multimap<std::string_view, const registered_exception*> by_name;
};

exception_table& table() {
    static auto* const made = new exception_table; // never destroyed: see registered_function.cpp
    return *made;
}

const registered_exception* find(std::string_view name) {
    exception_table& all = table();
    const std::lock_guard hold(all.lock);
    const auto at = all.by_name.find(name);
    return at != all.by_name.end() ? at->second : nullptr;
}

std::string message_of_current() {
    try {
        throw;
    } catch (const std::exception& error) {
        const char* const text = error.what();
        return text != nullptr ? text : "";
    } catch (...) {
        return {};
    }
}

} // namespace

EDDY_EXCEPTION(std::exception);
EDDY_EXCEPTION(std::runtime_error);
EDDY_EXCEPTION(std::logic_error);
EDDY_EXCEPTION(std::invalid_argument);
EDDY_EXCEPTION(std::domain_error);
EDDY_EXCEPTION(std::length_error);
EDDY_EXCEPTION(std::out_of_range);
EDDY_EXCEPTION(std::range_error);
EDDY_EXCEPTION(std::overflow_error);
EDDY_EXCEPTION(std::underflow_error);
EDDY_EXCEPTION(std::bad_alloc);
EDDY_EXCEPTION(std::system_error);
EDDY_EXCEPTION(timeout_error);
EDDY_EXCEPTION(cancelled_error);
EDDY_EXCEPTION(codec_error);
EDDY_EXCEPTION(function_not_registered);

remote_error::~remote_error() = default;

registered_exception::registered_exception(const std::type_info& type, encoder encode,
                                           decoder decode)
    : type_(&type), encode_(encode), decode_(decode) {
    exception_table& all = table();
    const std::lock_guard hold(all.lock);
    all.by_name.emplace(type.name(), this);
}

registered_exception::~registered_exception() {
    exception_table& all = table();
    const std::lock_guard hold(all.lock);
    const auto range = all.by_name.equal_range(type_->name());
    for (auto at = range.first; at != range.second; ++at) {
        if (at->second == this) {
            all.by_name.erase(at);
            return;
        }
    }
}

void registered_exception::encode_current(code_writer& to) {
    const std::type_info* const type = abi::__cxa_current_exception_type();
    const registered_exception* const entry = type != nullptr ? find(type->name()) : nullptr;
    if (entry != nullptr) {
        to.put(std::string(type->name()));
        entry->encode_(std::current_exception(), to);
        return;
    }
    to.put(std::string());
    to.put(type != nullptr ? type_text(type->name()) : std::string("an exception of no type"));
    to.put(message_of_current());
}

std::exception_ptr registered_exception::decode(code_reader& from) {
    const auto name = from.get<std::string>();
    if (name.empty()) {
        auto type = from.get<std::string>();
        return std::make_exception_ptr(remote_error(std::move(type), from.get<std::string>()));
    }
    const registered_exception* const entry = find(name);
    if (entry == nullptr) {
        throw codec_error("an exception of the type " + type_text(name.c_str()) +
                          ", which is registered in the other process only");
    }
    return entry->decode_(from);
}

} // namespace eddy::inline v0
