// await_in_a_generator.cpp — a synchronous generator has nobody to wait with.
//
// Expect:    a generator cannot co_await: make it an async_generator

#include <eddy/core/coro.hpp>
#include <eddy/core/generator.hpp>

eddy::coro<int> step() {
    co_return 1;
}

eddy::generator<int> values() {
#ifdef EDDY_MISUSE
    co_yield co_await step();
#else
    co_yield 1;
#endif
}

void use() {
    for (const int each : values()) {
        (void)each;
    }
    auto unused = step();
}
