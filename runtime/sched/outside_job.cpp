// outside_job.cpp — one more, one less.

#include "sched/outside_account.hpp"
#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/sched/outside_job.hpp>

#include <utility>

namespace eddy::inline v0 {
namespace {

constinit thread_local unsigned settling_here = 0; // how deep

} // namespace

outside_job::outside_job() noexcept {
    if (worker* const here = worker::current()) {
        account_ = here->runtime().outside();
        account_->begin();
    }
}

outside_job::outside_job(event_loop& of) noexcept : account_(of.owner().runtime().outside()) {
    account_->begin();
}

outside_job& outside_job::operator=(outside_job&& other) noexcept {
    if (this != &other) {
        end();
        account_ = std::move(other.account_);
    }
    return *this;
}

void outside_job::end() noexcept {
    if (const auto account = std::exchange(account_, nullptr)) {
        account->end();
    }
}

outside_job::settling::settling() noexcept {
    ++settling_here;
}

outside_job::settling::~settling() {
    --settling_here;
}

bool outside_job::settling::here() noexcept {
    return settling_here != 0;
}

} // namespace eddy::inline v0
