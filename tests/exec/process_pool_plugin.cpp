// process_pool_plugin.cpp — a library that a program loads while it runs, with functions that
// worker processes are to find.

#include <eddy/exec/registered_function.hpp>

#include <dlfcn.h>

namespace plugin {

int triple(int x) {
    return 3 * x;
}
// The library that this process has loaded it from.
std::string loaded_from(std::string) {
    Dl_info found{};
    return ::dladdr(reinterpret_cast<void*>(&triple), &found) != 0 ? found.dli_fname : "";
}

EDDY_FUNCTION(triple);
EDDY_FUNCTION(loaded_from);

} // namespace plugin

extern "C" __attribute__((visibility("default"))) int (*eddy_test_triple())(int) {
    return &plugin::triple;
}
extern "C" __attribute__((visibility("default")))
std::string (*eddy_test_loaded_from())(std::string) {
    return &plugin::loaded_from;
}
