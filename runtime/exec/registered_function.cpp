// registered_function.cpp — the table of functions, by name and by address.

#include "exec/type_text.hpp"
#include <eddy/base/mutex.hpp>
#include <eddy/exec/registered_function.hpp>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <dlfcn.h>
#include <link.h>

namespace eddy::inline v0 {
namespace {

// A function may be registered in several source files: then there are several entries for it.
struct function_table {
    std::mutex lock;
    std::unordered_multimap<std::string_view, const registered_function*> by_key;
    std::unordered_multimap<std::uintptr_t, const registered_function*> by_address;
};

// Never destroyed: libraries go after what the program itself has, in whatever order.
function_table& table() {
    static auto* const made = new function_table;
    return *made;
}

std::uintptr_t number_of(registered_function::address where) noexcept {
    return reinterpret_cast<std::uintptr_t>(where);
}

template <typename Map>
void remove_from(Map& of, const typename Map::key_type& key, const registered_function* entry) {
    const auto range = of.equal_range(key);
    for (auto at = range.first; at != range.second; ++at) {
        if (at->second == entry) {
            of.erase(at);
            return;
        }
    }
}

std::string key_of(const std::string& name, const std::type_info& signature) {
    return name + ' ' + signature.name();
}

// The file that `where` was loaded from; empty: the program itself, or what cannot be named.
std::string library_of(registered_function::address where) {
    Dl_info found{};
    void* map = nullptr;
    if (::dladdr1(reinterpret_cast<void*>(where), &found, &map, RTLD_DL_LINKMAP) == 0) {
        return {};
    }
    const std::string name = static_cast<const link_map*>(map)->l_name;
    std::error_code error; // the other process may have another working directory
    const auto full = std::filesystem::absolute(name, error);
    return name.empty() || error ? name : full.string();
}

bool is_registered(std::string_view key) {
    function_table& all = table();
    const std::lock_guard hold(all.lock);
    return all.by_key.contains(key);
}

// Its functions are registered when this returns. It is never unloaded.
void load(const std::string& library, const std::string& for_key) {
    if (::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
        const char* const why = ::dlerror();
        throw function_not_registered(for_key.substr(0, for_key.find(' ')) + " is in " + library +
                                      ", which the process that calls it cannot load: " +
                                      (why != nullptr ? why : "nobody knows why"));
    }
}

} // namespace

function_not_registered::~function_not_registered() = default;

registered_function::registered_function(std::string_view name, address where,
                                         const std::type_info& signature, caller call)
    : name_(name), key_(key_of(name_, signature)), address_(where), call_(call) {
    function_table& all = table();
    const std::lock_guard hold(all.lock);
    all.by_key.emplace(key_, this);
    all.by_address.emplace(number_of(where), this);
}

registered_function::~registered_function() {
    function_table& all = table();
    const std::lock_guard hold(all.lock);
    remove_from(all.by_key, std::string_view(key_), this);
    remove_from(all.by_address, number_of(address_), this);
}

const registered_function& registered_function::find(code_reader& from) {
    const auto key = from.get<std::string>();
    const auto library = from.get<std::string>();
    if (!library.empty() && !is_registered(key)) {
        load(library, key);
    }
    return find(key);
}

const registered_function& registered_function::find(std::string_view key) {
    function_table& all = table();
    const std::lock_guard hold(all.lock);
    const auto range = all.by_key.equal_range(key);
    if (range.first == range.second) {
        throw function_not_registered("no function is registered here as " +
                                      std::string(key.substr(0, key.find(' '))) +
                                      ": the program, or the library, that runs here is another "
                                      "one than where it was registered, or has changed since");
    }
    const registered_function& found = *range.first->second;
    for (auto at = range.first; at != range.second; ++at) {
        if (at->second->address_ != found.address_) {
            throw function_not_registered("two functions are registered as " + found.name_ +
                                          ", which does not tell them apart: put one into another "
                                          "namespace, or give it another name");
        }
    }
    return found;
}

const registered_function& registered_function::find(address where,
                                                     const std::type_info& signature) {
    const registered_function* found = nullptr;
    {
        function_table& all = table();
        const std::lock_guard hold(all.lock);
        const auto at = all.by_address.find(number_of(where));
        found = at != all.by_address.end() ? at->second : nullptr;
    }
    if (found == nullptr) {
        throw function_not_registered(
            "a process pool calls functions by their names, and this one of type " +
            type_text(signature.name()) +
            " has none: write EDDY_FUNCTION(name_of_the_function); at namespace scope, where it "
            "is defined");
    }
    const registered_function& entry = find(found->key_);
    entry.place();
    return entry;
}

// Not under the lock: the loader holds its own while it registers what it loads, and is asked here.
void registered_function::place() const {
    function_table& all = table();
    {
        const std::lock_guard hold(all.lock);
        if (placed_) {
            return;
        }
    }
    std::string found = library_of(address_);
    const std::lock_guard hold(all.lock);
    if (!placed_) {
        library_ = std::move(found);
        placed_ = true;
    }
}

} // namespace eddy::inline v0
