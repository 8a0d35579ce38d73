// process_pool_statics_test.cpp — a program that has a runtime, executors and a pool with static
// storage: its worker processes have them too.
//
// Covers:    jobs in such a worker; what it has with static storage works there; what is computed
//            with a runtime before main; the end of the worker.
// Not here:  a program that contains eddy -> process_pool_static_test.cpp.

#include <eddy/eddy.hpp>
#include <eddy/exec/process_pool_executor.hpp>
#include <eddy/exec/thread_pool_executor.hpp>

#include <gtest/gtest.h>

#include <cerrno>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using eddy::coro;

eddy::runtime static_runtime({.workers = 2});
eddy::thread_pool_executor static_threads(2);
eddy::process_pool_executor static_pool(1);

coro<int> later(int x) {
    co_await eddy::yield();
    co_return x;
}
// Runs a loop before main.
const int computed = eddy::run(later(7));

int twice(int x) {
    return 2 * x;
}
int get_computed() {
    return computed;
}
int on_static_runtime(int x) {
    return static_runtime.run_until_complete(later(x));
}
int on_static_threads(int x) {
    return static_threads.apply(twice, x);
}
EDDY_FUNCTION(twice);
EDDY_FUNCTION(get_computed);
EDDY_FUNCTION(on_static_runtime);
EDDY_FUNCTION(on_static_threads);

TEST(process_pool_statics, a_worker_has_what_the_program_has_with_static_storage) {
    EXPECT_EQ(static_pool.apply(twice, 4), 8);
    EXPECT_EQ(static_pool.apply(get_computed), 7);
    EXPECT_EQ(static_pool.apply(on_static_runtime, 5), 5);
    EXPECT_EQ(static_pool.apply(on_static_threads, 6), 12);
    static_pool.shutdown(); // the worker ends by itself: its static objects are destroyed
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

} // namespace
