// item_waiter.cpp — what people are told of who waits.

#include <eddy/core/await_chain.hpp>
#include <eddy/sync/item_waiter.hpp>

namespace eddy::inline v0 {

void show_wait(await_look& look, const char* what) noexcept {
    look.waits_for(what);
}

} // namespace eddy::inline v0
