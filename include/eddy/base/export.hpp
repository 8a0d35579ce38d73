// export.hpp — what the library shows of itself, and attributes only one compiler knows.

#pragma once

#define EDDY_API __attribute__((visibility("default")))

// A class so marked is passed in a register, and destroyed by who is called.
#if defined(__clang__)
#define EDDY_TRIVIAL_ABI clang::trivial_abi
#else
#define EDDY_TRIVIAL_ABI
#endif
