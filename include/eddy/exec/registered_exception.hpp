// registered_exception.hpp — exceptions that cross from one process to another: EDDY_EXCEPTION.
//
// Those of <stdexcept>, std::exception, bad_alloc and system_error cross as they are, and so do
// timeout_error, cancelled_error, codec_error and function_not_registered. Others do if they are
// registered:
//
//     EDDY_EXCEPTION(parse_error);      // at namespace scope
//
// and arrive as a remote_error if they are not.
//
// Threads:    encode, decode: any. Registering: before main, or while a library is loaded.
// Design:     docs/design/process_pool.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/exec/codec.hpp>
#include <eddy/exec/registered_function.hpp> // for EDDY_JOIN

#include <concepts>
#include <exception>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>

namespace eddy::inline v0 {

/// An exception from another process, of a type that is not registered.
class EDDY_API remote_error : public std::runtime_error {
public:
    remote_error(std::string type_name, std::string message)
        : std::runtime_error(type_name + ": " + message), type_name_(std::move(type_name)),
          message_(std::move(message)) {}
    ~remote_error() override;

    /// As in the source, with its namespaces.
    [[nodiscard]] const std::string& type_name() const noexcept { return type_name_; }
    /// What its what() gave there; empty if it is no std::exception.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

private:
    std::string type_name_;
    std::string message_;
};

/// An entry.
class EDDY_API registered_exception {
public:
    using encoder = void (*)(const std::exception_ptr& error, code_writer& to);
    using decoder = std::exception_ptr (*)(code_reader& from);

    registered_exception(const std::type_info& type, encoder encode, decoder decode);
    ~registered_exception();
    registered_exception(const registered_exception&) = delete;
    registered_exception& operator=(const registered_exception&) = delete;

    /// The exception that is handled where this is called.
    static void encode_current(code_writer& to);
    /// Throws: codec_error.
    [[nodiscard]] static std::exception_ptr decode(code_reader& from);

private:
    const std::type_info* type_;
    encoder encode_;
    decoder decode_;
};

/// For EDDY_EXCEPTION.
template <typename E>
class exception_registration {
    static_assert(encodable<E> || std::constructible_from<E, const std::string&> ||
                      std::default_initializable<E>,
                  "an exception crosses by an eddy::codec of its own, by its what() if it can be "
                  "made of a string, or if it can be made of nothing");

public:
    exception_registration() : entry_(typeid(E), &encode, &decode) {}

private:
    static constexpr bool made_of_text =
        std::derived_from<E, std::exception> && std::constructible_from<E, const std::string&>;

    static void encode(const std::exception_ptr& error, code_writer& to) {
        try {
            std::rethrow_exception(error);
        } catch (const E& value) {
            if constexpr (encodable<E>) {
                to.put(value);
            } else if constexpr (made_of_text) {
                to.put(std::string(value.what()));
            }
        }
    }
    static std::exception_ptr decode(code_reader& from) {
        if constexpr (encodable<E>) {
            return std::make_exception_ptr(from.get<E>());
        } else if constexpr (made_of_text) {
            return std::make_exception_ptr(E(from.get<std::string>()));
        } else {
            return std::make_exception_ptr(E());
        }
    }

    registered_exception entry_;
};

} // namespace eddy::inline v0

/// Lets exceptions of the type `...` cross from one process to another.
#define EDDY_EXCEPTION(...)                                                                        \
    [[maybe_unused]] static const ::eddy::exception_registration<__VA_ARGS__> EDDY_JOIN(           \
        eddy_exception_, __COUNTER__) {}
