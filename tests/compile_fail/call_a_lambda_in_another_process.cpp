// call_a_lambda_in_another_process.cpp — another process finds a function by its name, and what a
// lambda has captured it does not find at all.
//
// Expect: a process pool calls functions by their names

#include <eddy/exec/process_pool_executor.hpp>

int twice(int x) {
    return 2 * x;
}
EDDY_FUNCTION(twice);

int main() {
    eddy::process_pool_executor pool(1);
#ifdef EDDY_MISUSE
    int factor = 2;
    (void)pool.submit([factor](int x) { return factor * x; }, 1);
#else
    (void)pool.submit(twice, 1);
#endif
}
