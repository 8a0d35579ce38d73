// intrusive_list.hpp — a doubly linked list whose links live in the elements.
//
// Threads:    none of its own: whoever may touch the list decides.
// Memory:     allocates nothing, owns nothing; an element must leave before it dies.
// Invariants: I1  the links form a circle through the list's own hook; outside of it they are null.

#pragma once

#include <eddy/base/assert.hpp>

#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

template <typename T>
class intrusive_list;

/// The base class of what can be in an intrusive_list, in one at a time.
class list_hook {
public:
    list_hook() noexcept = default;
    list_hook(const list_hook&) = delete;
    list_hook& operator=(const list_hook&) = delete;
    ~list_hook() { EDDY_ASSERT(!linked()); }

    [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }

    /// Leaves whichever list this is in.
    void unlink() noexcept {
        EDDY_ASSERT(linked());
        prev_->next_ = next_;
        next_->prev_ = prev_;
        prev_ = nullptr;
        next_ = nullptr;
    }

private:
    template <typename T>
    friend class intrusive_list;

    list_hook* prev_ = nullptr;
    list_hook* next_ = nullptr;
};

/// A list of `T`, which derives from list_hook.
template <typename T>
class intrusive_list {
public:
    intrusive_list() noexcept { reset(); }
    intrusive_list(intrusive_list&& other) noexcept {
        reset();
        splice_back(other);
    }
    intrusive_list& operator=(intrusive_list&&) = delete;
    ~intrusive_list() {
        EDDY_ASSERT(empty());
        head_.prev_ = nullptr;
        head_.next_ = nullptr;
    }

    [[nodiscard]] bool empty() const noexcept { return head_.next_ == &head_; }
    [[nodiscard]] T* front() noexcept { return empty() ? nullptr : element(head_.next_); }
    [[nodiscard]] T* back() noexcept { return empty() ? nullptr : element(head_.prev_); }

    /// The element behind `value`, which is in this list; nullptr after the last one.
    [[nodiscard]] T* next(T& value) noexcept {
        list_hook* after = static_cast<list_hook&>(value).next_;
        return after == &head_ ? nullptr : element(after);
    }

    void push_back(T& value) noexcept { insert_before(head_, value); }
    void push_front(T& value) noexcept { insert_before(*head_.next_, value); }

    /// Takes the first element out; nullptr if there is none.
    T* pop_front() noexcept {
        T* first = front();
        if (first != nullptr) {
            static_cast<list_hook*>(first)->unlink();
        }
        return first;
    }

    /// Moves everything in `other` to the end of this list, in its order.
    void splice_back(intrusive_list& other) noexcept {
        if (other.empty()) {
            return;
        }
        list_hook* first = other.head_.next_;
        list_hook* last = other.head_.prev_;
        first->prev_ = head_.prev_;
        head_.prev_->next_ = first;
        last->next_ = &head_;
        head_.prev_ = last;
        other.reset();
    }

    /// Calls `visit` with each element, front to back; `visit` may unlink the one it is given.
    template <typename Visit>
    void for_each(Visit visit) noexcept(std::is_nothrow_invocable_v<Visit, T&>) {
        for (list_hook* at = head_.next_; at != &head_;) {
            list_hook* next = at->next_;
            visit(*element(at));
            at = next;
        }
    }

    /// Sorts in O(n log n); elements of which neither is `less` keep their order.
    template <typename Less>
    void stable_sort(Less less) noexcept {
        if (empty() || head_.next_ == head_.prev_) {
            return;
        }
        intrusive_list back_half = split_half();
        stable_sort(less);
        back_half.stable_sort(less);
        merge(back_half, less);
    }

private:
    static T* element(list_hook* hook) noexcept { return static_cast<T*>(hook); }

    void reset() noexcept {
        head_.prev_ = &head_;
        head_.next_ = &head_;
    }

    static void insert_before(list_hook& position, list_hook& added) noexcept {
        EDDY_ASSERT(!added.linked());
        added.prev_ = position.prev_;
        added.next_ = &position;
        position.prev_->next_ = &added;
        position.prev_ = &added;
    }

    /// Cuts the second half off; the list has at least two elements.
    intrusive_list split_half() noexcept {
        list_hook* middle = head_.next_;
        for (list_hook* fast = middle->next_; fast != &head_ && fast->next_ != &head_;
             fast = fast->next_->next_) {
            middle = middle->next_;
        }
        intrusive_list back_half;
        back_half.head_.next_ = middle->next_;
        back_half.head_.prev_ = head_.prev_;
        back_half.head_.next_->prev_ = &back_half.head_;
        back_half.head_.prev_->next_ = &back_half.head_;
        middle->next_ = &head_;
        head_.prev_ = middle;
        return back_half;
    }

    /// Merges the sorted `other` into this sorted list; on a tie this list's element comes first.
    template <typename Less>
    void merge(intrusive_list& other, Less less) noexcept {
        for (list_hook* at = head_.next_; at != &head_ && !other.empty();) {
            if (less(*other.front(), *element(at))) {
                insert_before(*at, *other.pop_front());
            } else {
                at = at->next_;
            }
        }
        splice_back(other);
    }

    list_hook head_;
};

} // namespace eddy::inline v0
