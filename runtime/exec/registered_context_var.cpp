// registered_context_var.cpp — the table of context variables, by name.

#include <eddy/base/atomic.hpp>
#include <eddy/base/mutex.hpp>
#include <eddy/exec/registered_context_var.hpp>

#include <mutex>
#include <stdexcept>
#include <unordered_map>

namespace eddy::inline v0 {
namespace {

// A variable may be registered in several source files: then there are several entries for it.
struct variable_table {
    std::mutex lock;
    std::unordered_multimap<std::string_view, const registered_context_var*> by_key;
    atomic<std::size_t> size{0};
};

// Never destroyed: libraries go after what the program itself has, in whatever order.
variable_table& table() {
    static auto* const made = new variable_table;
    return *made;
}

} // namespace

received_value::~received_value() = default;

registered_context_var::registered_context_var(std::string_view name, const void* variable,
                                               const std::type_info& type, const calls& how)
    : key_(std::string(name) + ' ' + type.name()), name_(name), variable_(variable), how_(how) {
    variable_table& all = table();
    const std::lock_guard hold(all.lock);
    all.by_key.emplace(key_, this);
    all.size.store(all.by_key.size(), relaxed); // locked: as in the destructor
}

registered_context_var::~registered_context_var() {
    variable_table& all = table();
    const std::lock_guard hold(all.lock);
    const auto range = all.by_key.equal_range(key_);
    for (auto at = range.first; at != range.second; ++at) {
        if (at->second == this) {
            all.by_key.erase(at);
            break;
        }
    }
    all.size.store(all.by_key.size(), relaxed); // locked: see the constructor
}

// Those that have a value here, each once. Their codecs are the user's: not called under a lock.
std::vector<const registered_context_var*> registered_context_var::all_set() {
    std::vector<const registered_context_var*> out;
    variable_table& all = table();
    const std::lock_guard hold(all.lock);
    for (auto at = all.by_key.begin(); at != all.by_key.end();) {
        const registered_context_var& first = *at->second;
        bool set = false;
        bool alone = true;
        for (const auto end = all.by_key.equal_range(at->first).second; at != end; ++at) {
            set = set || at->second->how_.is_set();
            alone = alone && at->second->variable_ == first.variable_;
        }
        if (set && !alone) {
            throw std::invalid_argument("two context variables are registered as " + first.name_ +
                                        ", which does not tell them apart: put one into another "
                                        "namespace, or give it another name");
        }
        if (set) {
            out.push_back(&first);
        }
    }
    return out;
}

std::size_t registered_context_var::encode_set(code_writer& to) {
    // hint: a library that is being loaded has set nothing here
    if (context_scope::current() == nullptr || table().size.load(relaxed) == 0) {
        return 0;
    }
    const std::size_t before = to.written().size();
    for (const registered_context_var* const each : all_set()) {
        code_writer value;
        each->how_.encode(value);
        to.put(each->key_);
        to.put_size(value.written().size());
        to.put_bytes(value.written().bytes());
    }
    return to.written().size() - before;
}

const registered_context_var* registered_context_var::find(std::string_view key) {
    variable_table& all = table();
    const std::lock_guard hold(all.lock);
    const auto found = all.by_key.find(key);
    return found != all.by_key.end() ? found->second : nullptr;
}

received_context::received_context(std::span<const std::byte> encoded) {
    try {
        code_reader from(encoded);
        while (from.left() != 0) {
            const auto key = from.get<std::string>();
            code_reader value(from.get_bytes(from.get_size()));
            const auto* const known = registered_context_var::find(key);
            if (known != nullptr) {
                values_.push_back(known->how_.set(value));
                value.expect_end();
            }
        }
    } catch (...) {
        clear();
        throw;
    }
}

// The last one first, as scopes end.
void received_context::clear() noexcept {
    while (!values_.empty()) {
        values_.pop_back();
    }
}

} // namespace eddy::inline v0
