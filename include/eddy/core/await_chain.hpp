// await_chain.hpp — what a live task waits for: its suspended coroutines, each at its await, and
// who awaits it.
//
// A look locks the words of the branches it reads, from the task's root down, copies what it finds
// into itself, and lets go; the words for people are made afterwards.
//
// Threads:    all: any thread, also one that runs no loop, while all workers are stuck.
// Progress:   a look waits for nobody. Who wakes or cancels the branch meanwhile waits for the
//             look: some microseconds.
// Memory:     a look allocates nothing; what it may copy is bounded, and it says where it was cut.
// Invariants: I1  locks are taken from the root down, and none is waited for.
// Design:     docs/design/await_chain.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/task.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <vector>

namespace eddy::inline v0 {

/// Where one branch of a task stands: the task's root, or a child of a gather.
struct await_chain {
    enum class state : std::uint8_t {
        waits,
        runs, // or is ready to run, or has not been started: there is nothing to read
        busy, // it waits, and is just being cancelled or looked at by somebody else
        ended
    };

    state now = state::runs;
    std::uint32_t index = 0; // of a child
    /// The suspended coroutines, each at its await; the outermost one first.
    std::vector<std::source_location> frames;
    /// "a timer", "input on descriptor 5"; empty where `tasks` or `children` say it, and for
    /// an op that says nothing.
    std::string waits_for;
    /// The task that holds the lock it waits for; nullptr: none that is known. To be compared, not
    /// followed: it may have ended.
    const task_base* holder = nullptr;
    /// The tasks it waits for: for all or for one of them, as the await says.
    std::vector<any_task> tasks;
    /// If it waits in a gather: how many children that has, and those of them that wait.
    std::size_t children_in_all = 0;
    std::vector<await_chain> children;
    /// Whether there was more than a look may copy: outer frames, tasks, or children.
    bool cut = false;
};

/// The await chain of `task` as it stands. (asyncio: capture_call_graph.)
///
/// Two branches are not read at the same moment unless the one waits for the other. Of a task that
/// runs nothing is known but that.
/// Threads: any.  Throws: std::bad_alloc.
[[nodiscard]] EDDY_API await_chain capture_await_chain(const any_task& task);

/// The tasks that await `task` now, directly or by gather or wait; the oldest of at most 16. Not:
/// who awaits it by as_completed, and threads.
///
/// Threads: any.  Throws: std::bad_alloc.
[[nodiscard]] EDDY_API std::vector<any_task> awaiters_of(const any_task& task);

/// A line for each frame, and for what the innermost one waits for; children are indented.
[[nodiscard]] EDDY_API std::string to_string(const await_chain& chain);

/// Each task with its state, who awaits it and, below that, its await chain. (asyncio:
/// format_call_graph.)
///
/// Threads: any.  Throws: std::bad_alloc.
[[nodiscard]] EDDY_API std::string format_tasks(std::span<const any_task> tasks);

/// A look at a task: what the branches it waits in say of themselves.
class EDDY_API await_look {
public:
    await_look() noexcept = default;
    await_look(const await_look&) = delete;
    await_look& operator=(const await_look&) = delete;

    // -- an op, in op::show --

    /// `what` goes on after "waits for", and is a literal: "a timer".
    void waits_for(const char* what) noexcept;
    /// The same with a number after it: "input on descriptor ".
    void waits_for(const char* what, int number) noexcept;
    /// Something that `holder`, or nobody who is known, holds: "a lock".
    void waits_for(const char* what, const task_base* holder) noexcept;
    /// A result that is not there yet; one that is there is left out. False: no more can be taken.
    bool waits_for(future_state& result) noexcept;
    /// The children of a group.
    void waits_for(std::span<branch> children) noexcept;

private:
    friend await_chain capture_await_chain(const any_task& task);

    static constexpr std::size_t entries_max = 256;
    static constexpr std::size_t frames_of_branch_max = 64;
    static constexpr std::size_t looked_at_max = 4096; // children and results, by the whole look

    enum class kind : std::uint8_t { branch, frame, thing, numbered_thing, held_thing, task };
    struct entry {
        kind what = kind::branch;
        await_chain::state now = await_chain::state::runs; // of a branch
        bool cut = false;                                  // of a branch
        std::uint16_t level = 0;                           // gathers above
        std::uint32_t index = 0;                           // of a branch
        int number = 0; // of a thing; of a branch, how many children it waits for
        const char* text = nullptr;
        const task_base* holder = nullptr; // of a thing
        std::source_location site;
        state_ref<task_base> task;
    };

    look_state look_at(branch& at, std::uint32_t index) noexcept;
    entry* add(kind what) noexcept;
    [[nodiscard]] bool take_one() noexcept;
    void copy_frames(const promise_base* leaf) noexcept;
    void append_to(await_chain& chain, entry& found) const;
    [[nodiscard]] await_chain result();

    std::array<entry, entries_max> entries_;
    std::size_t size_ = 0;
    std::size_t left_ = looked_at_max;
    std::uint16_t level_ = 0;
    entry* branch_ = nullptr; // the one that is looked at
};

} // namespace eddy::inline v0
