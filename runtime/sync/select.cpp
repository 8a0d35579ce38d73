// select.cpp — the parts that do not depend on the cases.

#include <eddy/core/await_chain.hpp>
#include <eddy/sync/select.hpp>

namespace eddy::inline v0 {

abort_result select_wait::abort() noexcept {
    return claim(cancel) ? abort_result::aborted : abort_result::completed;
}

void select_wait::show(await_look& look) const noexcept {
    look.waits_for("the first of several things");
}

void select_wait::fire() noexcept {
    op::wake();
}

} // namespace eddy::inline v0
