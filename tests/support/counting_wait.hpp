// counting_wait.hpp — a wait for a descriptor that counts its calls and keeps their events.

#pragma once

#include <eddy/io/reactor.hpp>

namespace eddy::test_support {

struct counting_wait : fd_wait {
    counting_wait()
        : fd_wait([](fd_wait& wait, unsigned events) noexcept {
              auto& self = static_cast<counting_wait&>(wait);
              ++self.calls;
              self.events = events;
          }) {}
    int calls = 0;
    unsigned events = 0;
};

} // namespace eddy::test_support
