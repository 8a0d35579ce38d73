// take_a_task_group_by_value.cpp — the body is given the group itself.
//
// Expect:    coroutine_function

#include <eddy/sched/task_group.hpp>

eddy::coro<> parent() {
#ifdef EDDY_MISUSE
    co_await eddy::with_task_group([](eddy::task_group group) -> eddy::coro<> {
        group.cancel();
        co_return;
    });
#else
    co_await eddy::with_task_group([](eddy::task_group& group) -> eddy::coro<> {
        group.cancel();
        co_return;
    });
#endif
}
