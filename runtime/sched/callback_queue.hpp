// callback_queue.hpp — the callbacks of one loop: run one at a time, in order, by whichever worker
// has the turn.
//
// Each post adds the callback to the FIFO and a turn to what is ready. Who takes a turn while a
// callback runs leaves it to the runner, who takes one more when it is done.
//
// Threads:    all: any thread.
// Memory:     none: a callback carries its links and counts who still holds it.
// Invariants: I1  turns taken or owed + turns still queued = callbacks in the FIFO.
//             I2  running_ is set while a callback of this queue runs; nobody else runs one.
// Pairs:      P1  uses_: drop -> the last drop      who releases the callback sees all uses before

#pragma once

#include <eddy/base/spin_lock.hpp>
#include <eddy/core/scheduler.hpp>

#include <cstddef>

namespace eddy::inline v0 {

class callback_queue {
public:
    /// Adds `item` to the FIFO. The caller then queues the item itself, as its turn.
    void add(callback& item) noexcept;

    /// Takes the turn that `item` stands for, on the queue it was added to.
    static void take_turn(callback& item) noexcept;

    /// As take_turn, without the call: when nothing runs any more.
    static void discard(callback& item) noexcept;

private:
    void run_next() noexcept;
    callback* begin() noexcept;
    [[nodiscard]] bool end() noexcept;
    static void drop(callback& item) noexcept;

    spin_lock lock_;
    callback* oldest_ = nullptr;
    callback* newest_ = nullptr;
    std::size_t owed_ = 0;
    bool running_ = false;
};

} // namespace eddy::inline v0
