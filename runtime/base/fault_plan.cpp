// fault_plan.cpp — which call fails.

#include <eddy/base/assert.hpp>
#include <eddy/base/fault_plan.hpp>

#include <algorithm>

namespace eddy::inline v0::sys {

constinit atomic<fault_plan*> fault_plan::active_{nullptr};

fault_plan::fault_plan() noexcept {
    fault_plan* before = active_.exchange(this, acq_rel); // P1
    EDDY_ASSERT(before == nullptr);
    static_cast<void>(before);
}

fault_plan::~fault_plan() {
    active_.store(nullptr, release); // P1
}

void fault_plan::fail(call which, std::size_t first, int error, std::size_t times) {
    const std::lock_guard hold(mutex_);
    rules_.push_back({which, first, times, {.error = error, .bytes_max = no_limit}});
}

void fault_plan::shorten(call which, std::size_t first, std::size_t bytes_max, std::size_t times) {
    const std::lock_guard hold(mutex_);
    rules_.push_back({which, first, times, {.error = 0, .bytes_max = bytes_max}});
}

bool fault_plan::shortens() const noexcept {
    const std::lock_guard hold(mutex_);
    return std::ranges::any_of(rules_,
                               [](const rule& each) { return each.effect.bytes_max != no_limit; });
}

std::size_t fault_plan::calls(call which) const {
    const std::lock_guard hold(mutex_);
    return calls_[static_cast<std::size_t>(which)];
}

fault_plan::fault fault_plan::take(call which) noexcept {
    const std::lock_guard hold(mutex_);
    const std::size_t number = ++calls_[static_cast<std::size_t>(which)];
    for (const rule& rule : rules_) {
        // Not `number < first + times`: that sum wraps for "from now on".
        if (rule.which == which && number >= rule.first && number - rule.first < rule.times) {
            return rule.effect;
        }
    }
    return {};
}

} // namespace eddy::inline v0::sys
