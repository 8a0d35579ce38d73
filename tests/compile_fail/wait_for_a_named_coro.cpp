// wait_for_a_named_coro.cpp — wait_for uses the coro up, so it takes an rvalue.
//
// Expect:    awaited once and used up

#include <eddy/sched/timeout.hpp>

#include <utility>

eddy::coro<int> coroutine() {
    co_return 1;
}

eddy::coro<int> limited() {
    auto body = coroutine();
#ifdef EDDY_MISUSE
    co_return co_await eddy::wait_for(body, std::chrono::seconds(1));
#else
    co_return co_await eddy::wait_for(std::move(body), std::chrono::seconds(1));
#endif
}
