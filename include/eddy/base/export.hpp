// export.hpp — which compilers will do, what the library shows, and attributes one compiler knows.

#pragma once

#if __cplusplus < 202002L
#error "eddy needs C++20: compile with -std=c++20 or later"
#endif

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 14
#error "g++ before 14 compiles coroutines wrongly, without a word: use clang++-19 or g++ 14"
#endif

#define EDDY_API __attribute__((visibility("default")))

// A class so marked is passed in a register, and destroyed by who is called.
#if defined(__clang__)
#define EDDY_TRIVIAL_ABI clang::trivial_abi
#else
#define EDDY_TRIVIAL_ABI
#endif
