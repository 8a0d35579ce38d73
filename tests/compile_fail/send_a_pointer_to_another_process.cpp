// send_a_pointer_to_another_process.cpp — an address means nothing there: a function with a pointer
// among its arguments cannot be registered.
//
// Expect: an argument has no eddy::codec

#include <eddy/exec/registered_function.hpp>

#include <string>

int length_of(const char* text) {
    return static_cast<int>(std::string(text).size());
}
int length(const std::string& text) {
    return static_cast<int>(text.size());
}

#ifdef EDDY_MISUSE
EDDY_FUNCTION(length_of);
#else
EDDY_FUNCTION(length);
#endif

int main() {}
