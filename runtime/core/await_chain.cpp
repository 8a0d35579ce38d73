// await_chain.cpp — looking at a task, and the words for what was seen.

#include <eddy/base/spin_wait.hpp>
#include <eddy/core/await_chain.hpp>
#include <eddy/core/foreign_op.hpp>
#include <eddy/core/fork_group.hpp>

#include <algorithm>
#include <utility>

namespace eddy::inline v0 {
namespace {

constexpr int tries_max = 200; // of a root that somebody else has locked
constexpr std::size_t awaiters_max = 16;

await_chain::state state_of(look_state seen) noexcept {
    switch (seen) {
    case look_state::looked:
        return await_chain::state::waits;
    case look_state::busy:
        return await_chain::state::busy;
    case look_state::ended:
        return await_chain::state::ended;
    case look_state::runs:
        break;
    }
    return await_chain::state::runs;
}

} // namespace

// -- the look --

await_look::entry* await_look::add(kind what) noexcept {
    if (size_ == entries_max) {
        if (branch_ != nullptr) {
            branch_->cut = true;
        }
        return nullptr;
    }
    entry& made = entries_[size_++];
    made.what = what;
    made.level = level_;
    return &made;
}

void await_look::copy_frames(const promise_base* leaf) noexcept {
    std::size_t left = frames_of_branch_max;
    for (const promise_base* at = leaf; at != nullptr; at = at->awaiter()) {
        entry* const frame = left-- != 0 ? add(kind::frame) : nullptr;
        if (frame == nullptr) {
            branch_->cut = true;
            return;
        }
        frame->site = at->site();
    }
}

look_state await_look::look_at(branch& at, std::uint32_t index) noexcept {
    const look_start<op> start = at.begin_look();
    if (start.state == look_state::looked || start.state == look_state::busy || level_ == 0) {
        entry* const outer = branch_;
        if (entry* const mine = add(kind::branch)) {
            mine->now = state_of(start.state);
            mine->index = index;
            if (start.state == look_state::looked) {
                branch_ = mine;
                copy_frames(at.leaf());
                start.waited->show(*this);
                branch_ = outer;
            }
        }
    }
    if (start.state == look_state::looked) {
        at.end_look();
        // GONE: the branch, unless it is a root or the one above it is looked at.
    }
    return start.state;
}

void await_look::waits_for(const char* what) noexcept {
    if (entry* const made = add(kind::thing)) {
        made->text = what;
    }
}

void await_look::waits_for(const char* what, int number) noexcept {
    if (entry* const made = add(kind::numbered_thing)) {
        made->text = what;
        made->number = number;
    }
}

void await_look::waits_for(const char* what, const task_base* holder) noexcept {
    if (entry* const made = add(kind::held_thing)) {
        made->text = what;
        made->holder = holder;
    }
}

// Whether one more child or result may be looked at.
bool await_look::take_one() noexcept {
    if (left_ == 0 || size_ == entries_max) {
        branch_->cut = true;
        return false;
    }
    --left_;
    return true;
}

bool await_look::waits_for(future_state& result) noexcept {
    if (!take_one()) {
        return false;
    }
    if (result.done()) {
        return true;
    }
    const branch* const producer = result.producer();
    if (producer == nullptr) {
        waits_for("a future");
    } else if (entry* const made = add(kind::task)) {
        made->task = state_ref<task_base>::share(&producer->task());
    }
    return true;
}

void await_look::waits_for(std::span<branch> children) noexcept {
    branch_->number = static_cast<int>(children.size());
    ++level_;
    for (branch& child : children) {
        if (!take_one()) {
            break;
        }
        (void)look_at(child, child.index());
    }
    --level_;
}

void fork_group::show(await_look& look) const noexcept {
    look.waits_for(children());
}

void show_foreign(await_look& look) noexcept {
    look.waits_for("an awaitable of another library");
}

void expect_foreign(const branch& waiter, std::int32_t change) noexcept {
    waiter.task().home()->expect_outside(change);
}

// -- what it has seen --

void await_look::append_to(await_chain& chain, entry& found) const {
    switch (found.what) {
    case kind::branch:
        chain.now = found.now;
        chain.cut = found.cut;
        chain.index = found.index;
        chain.children_in_all = static_cast<std::size_t>(found.number);
        break;
    case kind::frame:
        chain.frames.insert(chain.frames.begin(), found.site); // the innermost one was seen first
        break;
    case kind::thing:
        chain.waits_for = found.text;
        break;
    case kind::numbered_thing:
        chain.waits_for = found.text + std::to_string(found.number);
        break;
    case kind::held_thing:
        chain.waits_for = found.text;
        chain.holder = found.holder;
        break;
    case kind::task:
        chain.tasks.emplace_back(std::move(found.task));
        break;
    }
}

// The entries are in the order of the look, so what belongs to a level belongs to its last branch.
await_chain await_look::result() {
    await_chain root;
    std::vector<await_chain*> path{&root};
    for (std::size_t i = 0; i != size_; ++i) {
        entry& each = entries_[i];
        path.resize(std::min<std::size_t>(path.size(), each.level + (each.what != kind::branch)));
        if (each.what == kind::branch) {
            path.push_back(each.level == 0 ? &root : &path.back()->children.emplace_back());
        }
        append_to(*path.back(), each);
    }
    return root;
}

await_chain capture_await_chain(const any_task& task) {
    await_look look;
    branch& root = task.base()->root();
    spin_wait unlocked;
    for (int tries = 1; look.look_at(root, 0) == look_state::busy && tries != tries_max; ++tries) {
        look.size_ = 0;
        unlocked.pause();
    }
    return look.result();
}

std::vector<any_task> awaiters_of(const any_task& task) {
    std::array<state_ref<task_base>, awaiters_max> found;
    const std::size_t count = task.base()->collect_awaiters(found);
    std::vector<any_task> out;
    out.reserve(count);
    for (std::size_t i = 0; i != count; ++i) {
        out.emplace_back(std::move(found[i]));
    }
    return out;
}

} // namespace eddy::inline v0
