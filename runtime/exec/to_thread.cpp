// to_thread.cpp — the default executor as a service of the runtime.

#include <eddy/exec/to_thread.hpp>
#include <eddy/sched/runtime_service.hpp>

#include <stdexcept>

namespace eddy::inline v0 {
namespace {

class default_pool final : public runtime_service {
public:
    explicit default_pool(std::shared_ptr<thread_pool_executor> pool) noexcept
        : pool_(std::move(pool)) {}

    // What was submitted is run, as in asyncio; what takes longer is left to itself.
    void close(clock::duration grace) noexcept override { pool_->close_within(grace); }
    [[nodiscard]] const std::shared_ptr<thread_pool_executor>& pool() const noexcept {
        return pool_;
    }

private:
    std::shared_ptr<thread_pool_executor> pool_;
};

constexpr char key = 0;

} // namespace

std::shared_ptr<thread_pool_executor> default_executor() {
    const auto found =
        services_of(get_running_loop()).get(&key, []() -> std::shared_ptr<runtime_service> {
            return std::make_shared<default_pool>(std::make_shared<thread_pool_executor>());
        });
    return static_cast<default_pool&>(*found).pool();
}

void set_default_executor(std::shared_ptr<thread_pool_executor> pool) {
    if (pool == nullptr) {
        throw std::invalid_argument("set_default_executor() was called without an executor");
    }
    runtime_services& services = services_of(get_running_loop());
    auto before = services.replace(&key, std::make_shared<default_pool>(std::move(pool)));
    if (before != nullptr) { // not to be waited for here, where its last owner would
        const void* const own_key = before.get();
        (void)services.replace(own_key, std::move(before));
    }
}

} // namespace eddy::inline v0
