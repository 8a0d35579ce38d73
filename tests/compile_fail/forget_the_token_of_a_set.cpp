// forget_the_token_of_a_set.cpp — a value is in force while its token lives.
//
// Expect:    the value is in force while the token lives

#include <eddy/core/context.hpp>

const eddy::context_var<int> request("request", 0);

int in_request() {
#ifdef EDDY_MISUSE
    request.set(5);
#else
    const auto bound = request.set(5);
#endif
    return request.get();
}
