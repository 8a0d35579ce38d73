// exception_group.hpp — several exceptions as one: what a task_group throws.
//
// Memory:     one shared vector; copies share it.
// Invariants: I1  no group is empty, and none holds a null exception.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// Exceptions that happened together. Python's ExceptionGroup; there is no `except*`, so select
/// with contains, split and for_each.
class EDDY_API exception_group : public std::exception {
public:
    /// Throws: std::invalid_argument if `errors` is empty or holds a null.
    exception_group(std::string message, std::vector<std::exception_ptr> errors);
    exception_group(const exception_group&) noexcept;
    exception_group& operator=(const exception_group&) noexcept;
    ~exception_group() override;

    /// "message (2 exceptions): [what of the first] [what of the second]", groups inside likewise.
    [[nodiscard]] const char* what() const noexcept override;
    [[nodiscard]] const std::string& message() const noexcept;
    /// The exceptions as they were given; groups among them are one each.
    [[nodiscard]] std::span<const std::exception_ptr> exceptions() const noexcept;
    /// The exceptions that are no groups, from all levels, in order.
    [[nodiscard]] std::vector<std::exception_ptr> leaves() const;

    /// Whether any of leaves() is an E or derived from it.
    template <typename E>
    [[nodiscard]] bool contains() const {
        return find_leaf(&is_a<E>);
    }

    /// What split gives: the same nesting, with the leaves that matched and with the others.
    struct parts;
    /// Takes the group apart by the type of its leaves. Python's split().
    template <typename E>
    [[nodiscard]] parts split() const;
    /// The same by a question that is asked of each leaf.
    [[nodiscard]] parts
    split_if(const std::function<bool(const std::exception_ptr&)>& matches) const;

    /// Calls `fn(const E&)` for each leaf that is an E; gives their number.
    template <typename E, typename Fn>
    std::size_t for_each(Fn fn) const {
        std::size_t count = 0;
        for (const std::exception_ptr& leaf : leaves()) {
            try {
                std::rethrow_exception(leaf);
            } catch (const E& known) {
                fn(known);
                ++count;
            } catch (...) { // another type: not asked for
            }
        }
        return count;
    }

private:
    struct content;

    template <typename E>
    static bool is_a(const std::exception_ptr& leaf) {
        try {
            std::rethrow_exception(leaf);
        } catch (const E&) {
            return true;
        } catch (...) {
            return false;
        }
    }
    [[nodiscard]] bool
    find_leaf(const std::function<bool(const std::exception_ptr&)>& matches) const;

    std::shared_ptr<const content> content_;
};

struct exception_group::parts {
    std::optional<exception_group> matched;
    std::optional<exception_group> rest;
};

template <typename E>
exception_group::parts exception_group::split() const {
    return split_if(&is_a<E>);
}

} // namespace eddy::inline v0
