// forget_to_await_a_task_group.cpp — its body does not begin before it is awaited.
//
// Expect:    ignoring return value of

#include <eddy/sched/task_group.hpp>

eddy::coro<> parent() {
    auto body = [](eddy::task_group& group) -> eddy::coro<> {
        group.cancel();
        co_return;
    };
#ifdef EDDY_MISUSE
    eddy::with_task_group(body);
    co_return;
#else
    co_await eddy::with_task_group(body);
#endif
}
