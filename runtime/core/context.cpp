// context.cpp — walking the chain, and copying it.

#include <eddy/base/assert.hpp>
#include <eddy/core/context.hpp>

#include <algorithm>
#include <new>
#include <span>
#include <string>

namespace eddy::inline v0 {

constinit thread_local context_scope* context_scope::of_thread_ = nullptr;

context_value::~context_value() = default;

void context_key::throw_unset() const {
    throw lookup_error("the context variable " + std::string(name_) +
                       " has no value here, and no default");
}

/// The end of a chain: what was in force elsewhere.
class context_record final : public context_scope {
public:
    struct entry {
        const context_key* key;
        context_value* value; // with a reference
    };

    /// Throws: std::bad_alloc.
    static context_record* make(context_scope* innermost) {
        std::size_t at_most = 0;
        for (const context_scope* at = innermost; at != nullptr; at = at->outer_) {
            at_most += at->kind_ == kind::variable ? 1 : 0;
            at_most += at->kind_ == kind::record ? as_record(at).entries().size() : 0;
        }
        void* const place = frame_cache::allocate(bytes_of(at_most));
        auto* const made = new (place) context_record(at_most, deadline_of(innermost));
        made->collect(innermost);
        return made;
    }

    void keep() noexcept { references_.fetch_add(1, relaxed); } // count: the caller holds one
    void drop() noexcept {
        if (references_.fetch_sub(1, acq_rel) == 1) { // P1, both ends
            destroy();
        }
    }

    [[nodiscard]] std::span<const entry> entries() const noexcept { return {first(), size_}; }
    [[nodiscard]] clock::time_point deadline() const noexcept { return deadline_; }
    [[nodiscard]] const context_value* find(const context_key& key) const noexcept {
        const auto found = std::ranges::find(entries(), &key, &entry::key);
        return found != entries().end() ? found->value : nullptr;
    }

    static context_record& as_record(context_scope* at) noexcept {
        return static_cast<context_record&>(*at);
    }
    static const context_record& as_record(const context_scope* at) noexcept {
        return static_cast<const context_record&>(*at);
    }

private:
    context_record(std::size_t room, clock::time_point deadline) noexcept
        : context_scope(kind::record), room_(room), deadline_(deadline) {}

    static std::size_t bytes_of(std::size_t entries) noexcept {
        return sizeof(context_record) + (entries * sizeof(entry));
    }
    [[nodiscard]] entry* first() noexcept { return reinterpret_cast<entry*>(this + 1); }
    [[nodiscard]] const entry* first() const noexcept {
        return reinterpret_cast<const entry*>(this + 1);
    }

    // The innermost value of each variable.
    void collect(context_scope* innermost) noexcept {
        for (context_scope* at = innermost; at != nullptr; at = at->outer_) {
            if (at->kind_ == kind::variable) {
                const auto& token = static_cast<const context_token&>(*at);
                add({token.key_, token.value_});
            } else if (at->kind_ == kind::record) {
                std::ranges::for_each(as_record(at).entries(), [this](entry each) { add(each); });
            }
        }
    }
    void add(entry added) noexcept {
        if (find(*added.key) == nullptr) {
            added.value->keep();
            new (first() + size_) entry(added);
            ++size_;
        }
    }
    void destroy() noexcept {
        for (const entry& each : entries()) {
            each.value->drop();
        }
        const std::size_t bytes = bytes_of(room_);
        this->~context_record();
        frame_cache::deallocate(this, bytes);
    }
    ~context_record() = default;

    atomic<std::uint32_t> references_{1};
    std::size_t room_; // for so many entries, which lie behind
    std::size_t size_ = 0;
    clock::time_point deadline_;
};

// -- the chain --

void context_scope::leave_from_within() noexcept {
    context_scope* at = current();
    while (at != nullptr && at->outer_ != this) {
        at = at->outer_;
    }
    EDDY_ASSERT(at != nullptr); // a context_token has left the coroutine that made it
    at->outer_ = outer_;
}

const context_value* context_scope::find(const context_scope* at, const context_key& key) noexcept {
    for (; at != nullptr; at = at->outer_) {
        if (at->kind_ == kind::variable) {
            const auto& token = static_cast<const context_token&>(*at);
            if (token.key_ == &key) {
                return token.value_;
            }
        } else if (at->kind_ == kind::record) {
            return context_record::as_record(at).find(key);
        }
    }
    return nullptr;
}

clock::time_point context_scope::deadline_of(const context_scope* at) noexcept {
    clock::time_point earliest = clock::time_point::max();
    for (; at != nullptr && at->kind_ != kind::no_deadline; at = at->outer_) {
        if (at->kind_ == kind::deadline) {
            earliest = std::min(earliest, static_cast<const deadline_scope&>(*at).when());
        } else if (at->kind_ == kind::record) {
            earliest = std::min(earliest, context_record::as_record(at).deadline());
        }
    }
    return earliest;
}

context_record* context_scope::record_of(context_scope* at) noexcept {
    while (at != nullptr && at->kind_ != kind::record) {
        at = at->outer_;
    }
    return static_cast<context_record*>(at);
}

void context_token::reset() noexcept {
    if (context_value* const mine = std::exchange(value_, nullptr)) {
        leave();
        mine->drop();
    }
}

// -- copies --

context copy_of_chain(context_scope* innermost) {
    context_record* const record = context_scope::record_of(innermost);
    if (record == innermost) {
        record->keep();
        return context(record);
    }
    return context(context_record::make(innermost));
}

context::context(const context& other) noexcept : record_(other.record_) {
    if (record_ != nullptr) {
        record_->keep();
    }
}

void context::drop() noexcept {
    std::exchange(record_, nullptr)->drop();
}

context_scope* context::release() noexcept {
    return std::exchange(record_, nullptr);
}

context::entered::entered(const context& in) noexcept : in_(in), before_(context_scope::current()) {
    context_scope::set_current(in_.record_);
}

} // namespace eddy::inline v0
