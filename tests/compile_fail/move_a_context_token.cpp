// move_a_context_token.cpp — a token stays in the frame of who has set the value.
//
// Expect:    (deleted|private|no matching|inaccessible).*(constructor|context_token|context_scope)

#include <eddy/core/context.hpp>

#include <utility>

const eddy::context_var<int> request("request", 0);

int in_request() {
    auto bound = request.set(5);
#ifdef EDDY_MISUSE
    const auto elsewhere = std::move(bound);
#else
    bound.reset();
#endif
    return request.get();
}
