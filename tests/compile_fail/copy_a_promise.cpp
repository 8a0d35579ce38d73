// copy_a_promise.cpp — a result has one writer.
//
// Expect:    deleted|implicitly-deleted

#include <eddy/core/future.hpp>

#include <utility>

eddy::promise<int> move_it(eddy::promise<int> source) {
#ifdef EDDY_MISUSE
    return eddy::promise<int>(static_cast<const eddy::promise<int>&>(source));
#else
    return eddy::promise<int>(std::move(source));
#endif
}
