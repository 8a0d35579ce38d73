// put_a_named_item_that_cannot_be_copied.cpp — what cannot be copied is moved in, visibly.
//
// Expect: no matching member function

#include <eddy/eddy.hpp>

#include <memory>
#include <utility>

eddy::coro<> amain(eddy::queue<std::unique_ptr<int>>& q) {
    auto item = std::make_unique<int>(1);
#ifdef EDDY_MISUSE
    co_await q.put(item);
#else
    co_await q.put(std::move(item));
#endif
}
