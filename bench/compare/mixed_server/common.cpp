// common.cpp — mixed server: the requests, and how they are measured.

#include "common.hpp"

#include "../burn.hpp"
#include "../median.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <vector>

#include <sys/mman.h>

namespace eddy::compare::mixed_server {

namespace {

using namespace std::chrono_literals;
constexpr std::chrono::nanoseconds light_time = 50us;
constexpr std::chrono::nanoseconds heavy_time = 5ms;
constexpr std::uint64_t one_in = 100;                      // is heavy
constexpr std::chrono::nanoseconds period_of_core = 500us; // 100 requests take 10 ms of 50 ms
constexpr std::chrono::nanoseconds settling = 20ms;

// splitmix64: which request is heavy is a matter of its number alone.
constexpr std::uint64_t mixed_up(std::uint64_t value) noexcept {
    value += 0x9e3779b97f4a7c15U;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

std::span<std::int64_t> shared_numbers(std::size_t count) {
    void* memory = ::mmap(nullptr, count * sizeof(std::int64_t), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) {
        throw std::system_error(errno, std::generic_category(), "mmap");
    }
    return {static_cast<std::int64_t*>(memory), count};
}

} // namespace

void burn_heavy() {
    burn(heavy_time);
}

void burn_light() {
    burn(light_time);
}

requests::requests(const request& asked)
    : period_(period_of_core / asked.cores), answered_(shared_numbers(asked.size)) {}

requests::~requests() {
    ::munmap(answered_.data(), answered_.size_bytes());
}

void requests::begin() {
    start_ = clock::now() + settling;
    std::this_thread::sleep_until(start_);
    before_ = usage::now();
}

clock::time_point requests::due(std::size_t index) const noexcept {
    return start_ + period_ * static_cast<std::int64_t>(index + 1);
}

void requests::wait_until_due(std::size_t index) const {
    std::this_thread::sleep_until(due(index));
}

bool requests::is_heavy(std::size_t index) const noexcept {
    return mixed_up(index) % one_in == 0;
}

void requests::answer_here(std::size_t index) noexcept {
    if (is_heavy(index)) {
        burn_heavy();
    } else {
        burn_light();
    }
    answered(index);
}

void requests::answered(std::size_t index) noexcept {
    answered_[index] = (clock::now() - due(index)).count();
}

metrics requests::result() const {
    if (std::find(answered_.begin(), answered_.end(), 0) != answered_.end()) {
        throw wrong_result("a request was not answered");
    }
    std::vector<double> light;
    std::vector<double> heavy;
    for (std::size_t i = 0; i < answered_.size(); ++i) {
        (is_heavy(i) ? heavy : light).push_back(static_cast<double>(answered_[i]));
    }
    return {{"p50_ns", quantile(light, 0.5)},
            {"p99_ns", quantile(light, 0.99)},
            {"max_ns", quantile(light, 1)},
            {"heavy_p50_ns", quantile(heavy, 0.5)},
            {"heavy_p99_ns", quantile(heavy, 0.99)},
            {"total_ns", nanoseconds(clock::now() - start_)},
            {"cpu_ns", nanoseconds(usage::now().cpu - before_.cpu)}};
}

} // namespace eddy::compare::mixed_server
