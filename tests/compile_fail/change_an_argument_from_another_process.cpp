// change_an_argument_from_another_process.cpp — arguments are copied there, and never come back.
//
// Expect: cannot change its caller's arguments

#include <eddy/exec/registered_function.hpp>

void add_one(int& x) {
    ++x;
}
int one_more(int x) {
    return x + 1;
}

#ifdef EDDY_MISUSE
EDDY_FUNCTION(add_one);
#else
EDDY_FUNCTION(one_more);
#endif

int main() {}
