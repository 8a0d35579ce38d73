// assert.hpp — EDDY_ASSERT stops the program at a broken contract.
//
// Invariants: I1  the condition is compiled in every build, so it cannot rot; it is evaluated only
//                 where assertions are on: debug and sanitizer builds, and with EDDY_ASSERTIONS=1.

#pragma once

#include <cstdio>
#include <cstdlib>

#if !defined(EDDY_ASSERTIONS)
#if !defined(NDEBUG) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EDDY_ASSERTIONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EDDY_ASSERTIONS 1
#endif
#endif
#endif
#if !defined(EDDY_ASSERTIONS)
#define EDDY_ASSERTIONS 0
#endif

namespace eddy::inline v0 {

/// Says on stderr which condition failed where, and aborts.
[[noreturn, gnu::cold, gnu::noinline]] inline void
assert_failed(const char* condition, const char* file, int line, const char* function) noexcept {
    std::fprintf(stderr, "%s:%d: %s: EDDY_ASSERT(%s) failed\n", file, line, function, condition);
    std::abort();
}

} // namespace eddy::inline v0

/// Stops the program unless the condition holds. One condition each, without side effects: release
/// builds do not evaluate it.
#if EDDY_ASSERTIONS
#define EDDY_ASSERT(...)                                                                           \
    ((__VA_ARGS__) ? static_cast<void>(0)                                                          \
                   : ::eddy::assert_failed(#__VA_ARGS__, __FILE__, __LINE__, __func__))
#else
#define EDDY_ASSERT(...) static_cast<void>(sizeof((__VA_ARGS__) ? 1 : 0))
#endif
