// make_a_child_of_a_named_coro.cpp — a group's task uses its coro up, so it takes an rvalue.
//
// Expect:    deleted (copy )?constructor|no matching member function

#include <eddy/sched/task_group.hpp>

#include <utility>

eddy::coro<> work() {
    co_return;
}

eddy::coro<> parent() {
    co_await eddy::with_task_group([](eddy::task_group& group) -> eddy::coro<> {
        auto named = work();
#ifdef EDDY_MISUSE
        (void)group.create_task(named);
#else
        (void)group.create_task(std::move(named));
#endif
        co_return;
    });
}
