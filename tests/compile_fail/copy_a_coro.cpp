// copy_a_coro.cpp — a coro has one owner.
//
// Expect:    deleted|implicitly-deleted

#include <eddy/core/coro.hpp>

#include <utility>

eddy::coro<> move_it(eddy::coro<> body) {
#ifdef EDDY_MISUSE
    return eddy::coro<>(static_cast<const eddy::coro<>&>(body));
#else
    return eddy::coro<>(std::move(body));
#endif
}
