// thread_bell.hpp — lets a thread that runs no loop sleep until it is rung for.
//
// Threads:    ring: any thread, once.  wait: the one that sleeps.
// Invariants: I1  ring() has let go of the bell when wait() gives true.

#pragma once

#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>

#include <cstddef>

namespace eddy::inline v0 {

class EDDY_API thread_bell {
public:
    thread_bell();
    ~thread_bell();
    thread_bell(const thread_bell&) = delete;
    thread_bell& operator=(const thread_bell&) = delete;

    void ring() noexcept;
    /// True: it was rung. False: it is `deadline`; time_point::max() never comes.
    [[nodiscard]] bool wait(clock::time_point deadline);

private:
    struct state;
    [[nodiscard]] state& mine() noexcept;

    // The state is known to the .cpp alone: <condition_variable> is dear to compile.
    static constexpr std::size_t state_bytes = 128;
    alignas(std::max_align_t) std::byte state_[state_bytes];
};

} // namespace eddy::inline v0
