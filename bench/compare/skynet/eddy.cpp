// eddy.cpp — skynet with coroutines: one gather of ten for every inner node.

#include "common.hpp"
#include <eddy/eddy.hpp>

#include <tuple>
#include <utility>

namespace eddy::compare::skynet {

namespace {

eddy::coro<std::uint64_t> sum(std::uint64_t first, std::uint64_t leaves);

template <std::uint64_t... I>
auto all_children(std::uint64_t first, std::uint64_t each,
                  std::integer_sequence<std::uint64_t, I...> /*ten*/) {
    return eddy::gather(sum(first + I * each, each)...);
}

eddy::coro<std::uint64_t> sum(std::uint64_t first, std::uint64_t leaves) {
    if (leaves == 1) {
        co_return first;
    }
    const auto sums = co_await all_children(first, leaves / children,
                                            std::make_integer_sequence<std::uint64_t, children>());
    co_return std::apply([](auto... part) { return (part + ...); }, sums);
}

} // namespace

metrics run_coroutines(const request& asked) {
    return measured([&] { return eddy::run(sum(0, asked.size), {.workers = asked.cores}); },
                    expected(asked.size));
}

} // namespace eddy::compare::skynet
