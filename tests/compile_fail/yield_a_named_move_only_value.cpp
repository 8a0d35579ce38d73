// yield_a_named_move_only_value.cpp — what is yielded by name stays with the generator, so it is
// copied.
//
// Expect:    no matching (member )?function for call to 'yield_value'

#include <eddy/core/async_generator.hpp>

#include <memory>
#include <utility>

eddy::async_generator<std::unique_ptr<int>> values() {
    auto named = std::make_unique<int>(1);
#ifdef EDDY_MISUSE
    co_yield named;
#else
    co_yield std::move(named);
#endif
}
