// signals.cpp — signals as something to await, and a function that is called at each.
//
// Output:
//     reload
//     reload
//     asked to end by SIGTERM: cleaning up

#include <eddy/eddy.hpp>
#include <eddy/os.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>

#include <unistd.h>

eddy::coro<> amain() {
    std::atomic<int> reloads = 0; // the function may run on another loop
    const auto handler = eddy::on_signal(SIGHUP, [&] {
        std::puts("reload");
        ++reloads;
    });
    for (int i = 0; i != 2; ++i) { // somebody else does this
        ::kill(::getpid(), SIGHUP);
        while (reloads == i) {
            co_await eddy::yield();
        }
    }
    ::kill(::getpid(), SIGTERM);
    (void)co_await eddy::signal(SIGTERM);
    std::puts("asked to end by SIGTERM: cleaning up");
}

int main() {
    eddy::block_signals({SIGHUP, SIGTERM}); // before any thread is started
    eddy::run(amain());
}
