// worker_main_preload.cpp — libeddy_worker.so: has a worker process call eddy_worker_main instead
// of main.
//
// A library of its own, which LD_PRELOAD brings into worker processes and into nothing else. The C
// library's __libc_start_main gets another main from it; the static objects of the program have
// been constructed when that is called.
//
// Design:     docs/design/process_pool.md

#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>

namespace {

using main_function = int (*)(int, char**, char**);
using start_function = int (*)(main_function, int, char**, void (*)(), void (*)(), void (*)(),
                               void*);

int serve(int, char**, char**) {
    void* const found = ::dlsym(RTLD_DEFAULT, "eddy_worker_main");
    if (found == nullptr) {
        std::fputs("eddy: a worker process has not loaded libeddy.so\n", stderr);
        return 1;
    }
    return reinterpret_cast<int (*)()>(found)();
}

} // namespace

// That this library is here: what is constructed before main need not fear to be main's doing.
extern "C" __attribute__((visibility("default"))) const char eddy_worker_is_turned;
extern "C" const char eddy_worker_is_turned = 1;

// NOLINTBEGIN(readability-identifier-naming): the C library's names
extern "C" __attribute__((visibility("default"))) int
__libc_start_main(main_function main, int count, char** arguments, void (*init)(), void (*fini)(),
                  void (*unload)(), void* stack_end) {
    // NOLINTEND(readability-identifier-naming)
    const auto start = reinterpret_cast<start_function>(::dlsym(RTLD_NEXT, "__libc_start_main"));
    const bool is_worker = std::getenv("EDDY_WORKER_PROCESS") != nullptr;
    return start(is_worker ? serve : main, count, arguments, init, fini, unload, stack_end);
}
