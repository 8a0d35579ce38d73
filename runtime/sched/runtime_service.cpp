// runtime_service.cpp — a table that is made once and closed once.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/core/errors.hpp>
#include <eddy/sched/runtime_service.hpp>

#include <algorithm>

namespace eddy::inline v0 {

runtime_service::~runtime_service() = default;

void runtime_services::check_open() const {
    if (closed_) {
        throw runtime_closed("the runtime is closing");
    }
}

std::shared_ptr<runtime_service>* runtime_services::find(const void* key) noexcept {
    const auto found = std::ranges::find(all_, key, &entry::first);
    return found == all_.end() ? nullptr : &found->second;
}

std::shared_ptr<runtime_service> runtime_services::get(const void* key, maker make) {
    const std::lock_guard hold(gate_);
    check_open();
    if (const auto* const found = find(key)) {
        return *found;
    }
    return all_.emplace_back(key, make()).second;
}

std::shared_ptr<runtime_service>
runtime_services::replace(const void* key, std::shared_ptr<runtime_service> service) {
    const std::lock_guard hold(gate_);
    check_open();
    if (auto* const found = find(key)) {
        return std::exchange(*found, std::move(service));
    }
    all_.emplace_back(key, std::move(service));
    return nullptr;
}

void runtime_services::close(clock::duration grace) noexcept {
    std::vector<entry> all;
    {
        const std::lock_guard hold(gate_);
        closed_ = true;
        all.swap(all_);
    }
    for (; !all.empty(); all.pop_back()) {
        all.back().second->close(grace);
    }
}

runtime_services& services_of(event_loop& of) noexcept {
    return of.owner().runtime().services();
}

} // namespace eddy::inline v0
