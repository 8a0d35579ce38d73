// take_a_move_only_result_of_a_named_task.cpp — others may hold the task too: only an rvalue gives
// its result away.
//
// Expect:    constructible_from

#include <eddy/core/task.hpp>

#include <memory>
#include <utility>

eddy::coro<std::unique_ptr<int>> take(eddy::task<std::unique_ptr<int>> from) {
#ifdef EDDY_MISUSE
    co_return co_await from;
#else
    co_return co_await std::move(from);
#endif
}
