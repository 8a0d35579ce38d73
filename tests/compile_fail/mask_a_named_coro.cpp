// mask_a_named_coro.cpp — a masked region uses its coro up, so it takes an rvalue.
//
// Expect:    deleted (copy )?constructor|no matching function

#include <eddy/core/masked.hpp>

#include <utility>

eddy::coro<> clean_up() {
    co_return;
}

eddy::coro<> parent() {
    auto named = clean_up();
#ifdef EDDY_MISUSE
    co_await eddy::masked(named);
#else
    co_await eddy::masked(std::move(named));
#endif
}
