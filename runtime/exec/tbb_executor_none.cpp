// tbb_executor_none.cpp — the executor in a library that is built without oneTBB: it says so.

#include <eddy/exec/tbb_executor.hpp>

#include <stdexcept>

namespace eddy::inline v0 {
namespace {

[[noreturn]] void refuse() {
    throw std::runtime_error(
        "tbb_executor needs a library that was built with oneTBB (meson -Dtbb=enabled)");
}

} // namespace

class tbb_arena {};
class arena_work {};

tbb_executor::tbb_executor(tbb_options /*options*/) {
    refuse();
}
tbb_executor::~tbb_executor() = default;

void tbb_executor::post(job_pointer<executor_job> /*job*/, when_full /*then*/) {
    refuse();
}
std::shared_ptr<job_desk> tbb_executor::desk() const noexcept {
    return nullptr; // there is no executor to ask
}
void tbb_executor::shutdown(const shutdown_options& /*options*/) {}
coro<> tbb_executor::aclose(shutdown_options /*options*/) {
    refuse();
}
std::size_t tbb_executor::concurrency() const noexcept {
    return 0;
}
std::size_t tbb_executor::queued() const {
    return 0;
}

arena_op::arena_op(std::shared_ptr<tbb_arena> /*arena*/, void (* /*call*/)(void*), void* /*with*/,
                   const std::type_info& /*what*/) {
    refuse();
}
arena_op::arena_op(arena_op&& fresh) noexcept = default;
arena_op::~arena_op() = default;
bool arena_op::await_suspend(promise_base& /*promise*/) {
    refuse();
}
void arena_op::await_resume() {}
abort_result arena_op::abort() noexcept {
    return abort_result::completed;
}
void arena_op::show(await_look& /*look*/) const noexcept {}

void arena_for(std::size_t /*size*/, std::size_t /*grain*/,
               void (* /*body*/)(void*, std::size_t, std::size_t), void* /*with*/) {
    refuse();
}
void arena_reduce(std::size_t /*size*/, std::size_t /*grain*/, const arena_reduction& /*how*/,
                  void* /*with*/, void* /*value*/) {
    refuse();
}
void arena_both(void (* /*call*/)(void*), void* /*left*/, void* /*right*/) {
    refuse();
}
bool arena_cancelled() noexcept {
    return false;
}

} // namespace eddy::inline v0
