// derive_from_cancelled_error.cpp — a cancel is one type, so that a task knows one without a throw.
//
// Expect:    marked 'final'

#include <eddy/core/errors.hpp>

#ifdef EDDY_MISUSE
struct own_error : eddy::cancelled_error {};
#else
struct own_error : eddy::timeout_error {};
#endif
