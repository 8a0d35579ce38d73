// siblings.hpp — children of one gather, of which one may stop the others: behind race and
// map_concurrent.
//
// Threads:    all: any child. They end before this does.
// Memory:     one pointer a child.
// Invariants: I1  nobody enters once it is stopped; so who has stopped it may read all branches.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/core/branch.hpp>

#include <cstddef>
#include <limits>
#include <vector>

namespace eddy::inline v0 {

class EDDY_API siblings {
public:
    static constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

    /// Throws: std::bad_alloc.
    explicit siblings(std::size_t count) : branches_(count) {}

    /// Child `index`, on `mine`, begins. False: too late, it should end.
    [[nodiscard]] bool enter(std::size_t index, branch& mine) noexcept;
    /// Child `index`, on `mine`, stops the others: cancels those that have begun, unless a cancel
    /// from outside has reached all of them already. False: another one was first.
    bool stop(std::size_t index, const branch& mine) noexcept;
    /// Who has stopped the others; nobody if none has.
    [[nodiscard]] std::size_t stopped_by() const noexcept;

private:
    mutable spin_lock lock_;
    std::size_t stopped_by_ = nobody;
    std::vector<branch*> branches_; // null: has not begun
};

} // namespace eddy::inline v0
