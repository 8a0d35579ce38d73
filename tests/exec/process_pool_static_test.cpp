// process_pool_static_test.cpp — a program that contains eddy instead of loading it: its main()
// serves the pool.
//
// Covers:    a pool without serve_process_pool is refused before a process is started; with it, it
//            works; a worker that comes to its main() is stopped there.

#include <eddy/eddy.hpp>
#include <eddy/exec/process_pool_executor.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace {

int pid() {
    return ::getpid();
}
EDDY_FUNCTION(pid);

std::string refusal(auto what) {
    try {
        what();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "nothing was refused";
}

TEST(process_pool_static, without_serve_process_pool_a_pool_is_refused_and_says_what_is_missing) {
    const std::string text = refusal([] { const eddy::process_pool_executor pool(1); });
    EXPECT_NE(text.find("main() must begin with eddy::serve_process_pool();"), std::string::npos)
        << text;
}

TEST(process_pool_static, with_it_a_pool_works) {
    eddy::serve_process_pool(); // not first, for the test above; a worker has called it in main()
    eddy::process_pool_executor pool(1);
    EXPECT_NE(pool.apply(pid), ::getpid());
}

// What a worker's main() would come to if nothing turned it around.
TEST(process_pool_static, a_worker_that_comes_to_use_a_pool_or_a_runtime_is_stopped) {
    ASSERT_EQ(::setenv("EDDY_WORKER_PROCESS", "1:2:3:4:4096", 1), 0);
    const std::string pool = refusal([] {
        eddy::process_pool_executor pool(1);
        (void)pool.submit(pid);
    });
    const std::string runtime = refusal([] { eddy::run([]() -> eddy::coro<> { co_return; }()); });
    ::unsetenv("EDDY_WORKER_PROCESS");
    EXPECT_NE(pool.find("this is a worker process"), std::string::npos) << pool;
    EXPECT_NE(runtime.find("this is a worker process"), std::string::npos) << runtime;
}

} // namespace

int main(int count, char** arguments) {
    if (std::getenv("EDDY_WORKER_PROCESS") != nullptr) {
        eddy::serve_process_pool();
    }
    testing::InitGoogleTest(&count, arguments);
    return RUN_ALL_TESTS();
}
