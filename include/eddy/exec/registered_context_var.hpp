// registered_context_var.hpp — context variables that go with a job to another process:
// EDDY_CONTEXT_VAR.
//
//     eddy::context_var<std::string> request_id("request_id");
//     EDDY_CONTEXT_VAR(request_id);      // at namespace scope, once, where it is known
//
// Threads:    encode_set: any. Registering: before main, or while a library is loaded.
// Memory:     an entry a variable; a library that is unloaded takes its entries with it.
// Invariants: I1  the name is that of the variable with its namespaces, and the type of its value:
//                 what is found under it takes what was encoded.
// Design:     docs/design/process_pool.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/context.hpp>
#include <eddy/exec/codec.hpp>
#include <eddy/exec/registered_function.hpp> // for EDDY_JOIN

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// A variable has the value that came from another process, while this lives.
class EDDY_API received_value {
public:
    received_value(const received_value&) = delete;
    received_value& operator=(const received_value&) = delete;
    virtual ~received_value();

protected:
    received_value() = default;
};

/// An entry.
class EDDY_API registered_context_var {
public:
    struct calls {
        /// Whether it has a value here, other than its default.
        bool (*is_set)();
        void (*encode)(code_writer& to);
        std::unique_ptr<received_value> (*set)(code_reader& from);
    };

    registered_context_var(std::string_view name, const void* variable, const std::type_info& type,
                           const calls& how);
    ~registered_context_var();
    registered_context_var(const registered_context_var&) = delete;
    registered_context_var& operator=(const registered_context_var&) = delete;

    /// Writes those that are set here, for received_context; gives how many bytes that were.
    /// Throws:  what a codec throws; std::invalid_argument if one is set that shares its name with
    ///          another variable.
    /// Cost:    nothing to speak of where no context is in force, or none is registered.
    static std::size_t encode_set(code_writer& to);

private:
    friend class received_context;

    [[nodiscard]] static std::vector<const registered_context_var*> all_set();
    /// Null: it is not known here.
    [[nodiscard]] static const registered_context_var* find(std::string_view key);

    std::string key_;
    std::string name_;
    const void* variable_;
    calls how_;
};

/// What encode_set has written is in force on this thread, which runs no loop, while this lives.
class EDDY_API received_context {
public:
    /// A variable that is not known here is left out: nobody can ask for it. Throws: codec_error.
    explicit received_context(std::span<const std::byte> encoded);
    ~received_context() { clear(); }
    received_context(const received_context&) = delete;
    received_context& operator=(const received_context&) = delete;

private:
    void clear() noexcept;

    std::vector<std::unique_ptr<received_value>> values_;
};

template <typename Pointer>
struct context_var_value;
template <typename T>
struct context_var_value<context_var<T>*> {
    using type = T;
};
template <typename T>
struct context_var_value<const context_var<T>*> {
    using type = T;
};

/// For EDDY_CONTEXT_VAR.
template <auto Variable>
class context_var_registration {
    using value = typename context_var_value<decltype(Variable)>::type;
    static_assert(encodable<value>,
                  "the value of the variable has no eddy::codec: see eddy/exec/codec.hpp");

public:
    context_var_registration()
        : entry_(name_of_function<Variable>(), Variable, typeid(value),
                 {.is_set = &is_set, .encode = &encode, .set = &set}) {}

private:
    class received final : public received_value {
    public:
        explicit received(value&& from) : token_(Variable->set(std::move(from))) {}

    private:
        context_token token_;
    };

    static bool is_set() {
        const value* const found = Variable->find();
        return found != nullptr && found != context().run([] { return Variable->find(); });
    }
    static void encode(code_writer& to) { to.put(Variable->get()); }
    static std::unique_ptr<received_value> set(code_reader& from) {
        return std::make_unique<received>(from.get<value>());
    }

    registered_context_var entry_;
};

} // namespace eddy::inline v0

/// Has the value of `...`, a context_var, go with jobs to other processes: at namespace scope, in
/// any source file or header.
#define EDDY_CONTEXT_VAR(...)                                                                      \
    [[maybe_unused]] static const ::eddy::context_var_registration<&(__VA_ARGS__)> EDDY_JOIN(      \
        eddy_context_var_, __COUNTER__) {}
