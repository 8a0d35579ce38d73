// registered_function.hpp — functions that another process finds by their name: EDDY_FUNCTION.
//
//     long fib(int n) { ... }
//     EDDY_FUNCTION(fib);        // at namespace scope, once, where fib is known
//
// Threads:    find: any. Registering: before main, or while a library is loaded.
// Memory:     an entry a function; a library that is unloaded takes its entries with it. One that
//             find() has loaded stays.
// Invariants: I1  the name is that of the function with its namespaces, and its signature: what is
//                 found under it takes what was encoded.
// Design:     docs/design/process_pool.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/exec/codec.hpp>

#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace eddy::inline v0 {

/// A function was to be called in another process, which cannot find it.
class EDDY_API function_not_registered : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
    ~function_not_registered() override;
};

/// What an argument is while it is on its way: a string for a string_view.
template <typename T>
struct sent_argument {
    using type = std::decay_t<T>;
};
template <typename C, typename Traits>
struct sent_argument<std::basic_string_view<C, Traits>> {
    using type = std::basic_string<C, Traits>;
};
template <typename T>
using sent_argument_t = typename sent_argument<std::remove_cvref_t<T>>::type;

/// The parts of a function pointer's type.
template <typename F>
struct function_parts;
template <typename R, typename... A>
struct function_parts<R (*)(A...)> {
    using signature = R(A...);
    using result = std::decay_t<R>;
    using arguments = std::tuple<sent_argument_t<A>...>;

    static_assert(
        !((std::is_lvalue_reference_v<A> && !std::is_const_v<std::remove_reference_t<A>>) || ...),
        "a function in another process cannot change its caller's arguments");
    static_assert((encodable<sent_argument_t<A>> && ...),
                  "an argument has no eddy::codec: see eddy/exec/codec.hpp");
    static_assert(std::is_void_v<R> || encodable<std::decay_t<R>>,
                  "the result has no eddy::codec: see eddy/exec/codec.hpp");
};
template <typename R, typename... A>
struct function_parts<R (*)(A...) noexcept> : function_parts<R (*)(A...)> {};

/// What can be called elsewhere: a function, or a lambda without captures.
template <typename F>
concept plain_function = std::is_function_v<std::remove_pointer_t<std::decay_t<F>>>;

/// An entry.
class EDDY_API registered_function {
public:
    using address = void (*)();
    /// Reads the arguments, calls the function, writes what it gives.
    using caller = void (*)(code_reader& from, code_writer& to);

    registered_function(std::string_view name, address where, const std::type_info& signature,
                        caller call);
    ~registered_function();
    registered_function(const registered_function&) = delete;
    registered_function& operator=(const registered_function&) = delete;

    /// As people know it.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// As another process knows it.
    [[nodiscard]] const std::string& key() const noexcept { return key_; }
    void call(code_reader& from, code_writer& to) const { call_(from, to); }
    /// The library that it is in; empty: the program itself. Known once find(address) has found it.
    [[nodiscard]] const std::string& library() const noexcept { return library_; }

    /// For another process: find() there takes it.
    void name_to(code_writer& to) const {
        to.put(key_);
        to.put(library_);
    }
    /// Reads what name_to has written. Where nobody has loaded the library yet, it does.
    /// Throws: function_not_registered; codec_error.
    [[nodiscard]] static const registered_function& find(code_reader& from);

    /// Throws: function_not_registered.
    [[nodiscard]] static const registered_function& find(std::string_view key);
    /// The same by what would be called here. The message says what to write.
    [[nodiscard]] static const registered_function& find(address where,
                                                         const std::type_info& signature);

    template <typename F>
    [[nodiscard]] static const registered_function& of(F* fn) {
        return find(reinterpret_cast<address>(fn), typeid(typename function_parts<F*>::signature));
    }

private:
    void place() const;

    std::string name_;
    std::string key_;
    address address_;
    caller call_;
    mutable bool placed_ = false; // library_ is known; under the lock of the table
    mutable std::string library_;
};

/// "ns::fn" of a function; clang and g++ put it into the text that names this one.
template <auto Fn>
[[nodiscard]] constexpr std::string_view name_of_function() noexcept {
    std::string_view text = __PRETTY_FUNCTION__;
    text.remove_prefix(text.find("Fn = ") + 5);
    text = text.substr(0, text.find_last_of(']'));
    text = text.substr(0, text.find(';'));
    text.remove_prefix(text.starts_with('&') ? 1 : 0);
    return text;
}

/// For EDDY_FUNCTION.
template <auto Fn>
class function_registration {
    using parts = function_parts<decltype(Fn)>;

public:
    function_registration()
        : entry_(name_of_function<Fn>(), reinterpret_cast<registered_function::address>(Fn),
                 typeid(typename parts::signature), &call) {}

private:
    static void call(code_reader& from, code_writer& to) {
        auto arguments = from.get<typename parts::arguments>();
        from.expect_end();
        if constexpr (std::is_void_v<typename parts::result>) {
            std::apply(Fn, std::move(arguments));
        } else {
            const auto result =
                static_cast<typename parts::result>(std::apply(Fn, std::move(arguments)));
            to.put(result);
        }
    }

    registered_function entry_;
};

} // namespace eddy::inline v0

#define EDDY_JOIN_EXPANDED(a, b) a##b
#define EDDY_JOIN(a, b) EDDY_JOIN_EXPANDED(a, b)

/// Lets a process pool call `...`, a function: at namespace scope, in any source file or header.
/// One of several with the same name is chosen by its type:
///     EDDY_FUNCTION(static_cast<int (*)(int)>(twice));
#define EDDY_FUNCTION(...)                                                                         \
    [[maybe_unused]] static const ::eddy::function_registration<(__VA_ARGS__)> EDDY_JOIN(          \
        eddy_function_, __COUNTER__) {}
