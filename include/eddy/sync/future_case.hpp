// future_case.hpp — a task or a future as one of the things that a select waits for.
//
// Memory:     keeps what it was made of.

#pragma once

#include <eddy/core/future.hpp>
#include <eddy/core/future_state.hpp>
#include <eddy/core/select_claim.hpp>
#include <eddy/core/task.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// `Handle` is a task or a future. The select does not stop what brings the result.
template <typename Handle>
class future_case final : private future_waiter, private detached_case {
public:
    using result = typename Handle::value_type;

    explicit future_case(Handle of) noexcept : of_(std::move(of)) {}
    future_case(future_case&& fresh) noexcept
        : future_waiter(), detached_case(), of_(std::move(fresh.of_)) {}

    [[nodiscard]] select_arm arm(select_claim& by, std::uint32_t which) noexcept {
        bind(by, which);
        const bool waits = of_.valid() && of_.state()->add(*this); // take() says what is wrong
        return waits ? select_arm::waits : arm_ready();
    }
    void disarm() noexcept {
        if (!of_.state()->remove(*this)) {
            wait_until_left();
        }
    }

    /// A copy of the result, or the result if it cannot be copied. Throws: as an await of it.
    result take() {
        if constexpr (std::is_void_v<result> || std::is_copy_constructible_v<result>) {
            return of_.result();
        } else {
            (void)of_.result();
            return state_of(of_).slot().take();
        }
    }
    /// The result stays where it is.
    [[nodiscard]] static bool give_back() noexcept { return true; }

private:
    void notify() noexcept override { call(); }

    template <typename T>
    static auto& state_of(const task<T>& of) noexcept {
        return of.typed();
    }
    template <typename T>
    static auto& state_of(const future<T>& of) noexcept {
        return static_cast<manual_state<T>&>(*of.state());
    }

    Handle of_;
};

} // namespace eddy::inline v0
