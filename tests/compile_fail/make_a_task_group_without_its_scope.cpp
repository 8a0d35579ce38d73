// make_a_task_group_without_its_scope.cpp — a group exists only where its children are awaited.
//
// Expect:    (private|no matching|inaccessible).*(constructor|task_group)

#include <eddy/sched/task_group.hpp>

eddy::coro<> work() {
    co_return;
}

eddy::coro<> parent() {
#ifdef EDDY_MISUSE
    eddy::task_group group(co_await eddy::own_branch_op(), {});
    (void)group.create_task(work());
#else
    co_await eddy::with_task_group([](eddy::task_group& group) -> eddy::coro<> {
        (void)group.create_task(work());
        co_return;
    });
#endif
}
