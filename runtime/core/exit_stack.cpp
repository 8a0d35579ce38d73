// exit_stack.cpp — running what was deferred, whatever it throws.

#include <eddy/core/exit_stack.hpp>

namespace eddy::inline v0 {

exit_stack::entry::~entry() {
    if (open_) [[unlikely]] {
        report_cleanup_skipped(site_);
    }
}

class exit_stack::coro_entry final : public entry {
public:
    coro_entry(coro<> cleanup, std::source_location site)
        : entry(site), cleanup_(std::move(cleanup)) {}
    coro_entry(const coro_entry&) = delete;
    coro_entry& operator=(const coro_entry&) = delete;
    ~coro_entry() override { close(); } // the coro itself says that it was never awaited

    coro<suppress> run(std::exception_ptr /*error*/) override {
        co_await std::move(cleanup_);
        co_return suppress::no;
    }

private:
    coro<> cleanup_;
};

exit_stack::exit_stack() noexcept = default;
exit_stack::exit_stack(exit_stack&&) noexcept = default;
exit_stack& exit_stack::operator=(exit_stack&&) noexcept = default;
exit_stack::~exit_stack() {
    while (!entries_.empty()) { // the last one first, also where none runs any more
        entries_.pop_back();
    }
}

void exit_stack::defer(coro<> cleanup, std::source_location site) {
    add<coro_entry>(std::move(cleanup), site).open();
}

coro<suppress> exit_stack::async_exit(std::exception_ptr error) {
    std::exception_ptr current = error;
    while (!entries_.empty()) {
        const std::unique_ptr<entry> last = std::move(entries_.back());
        entries_.pop_back();
        if (!last->is_open()) { // its async_enter did not return
            continue;
        }
        last->close();
        try {
            if (co_await last->run(current) == suppress::yes) {
                current = nullptr;
            }
        } catch (...) {
            if (current != error) { // what was given is the giver's to report
                report_replaced(current, std::current_exception());
            }
            current = std::current_exception();
        }
    }
    if (current == error) {
        co_return suppress::no;
    }
    if (current == nullptr) {
        co_return suppress::yes;
    }
    std::rethrow_exception(std::move(current));
}

coro<> exit_stack::aclose() {
    (void)co_await async_exit(nullptr);
}

coro<> defer_scope::async_exit(std::exception_ptr error) {
    (void)co_await exit_stack::async_exit(std::move(error));
}

} // namespace eddy::inline v0
