// stream_core.cpp — receiving into the buffer, and sending what there was no room for.

#include "net/stream_core.hpp"

#include <eddy/core/context.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/sched/create_task.hpp>
#include <eddy/sched/sleep.hpp>
#include <eddy/sched/timeout.hpp>

#include <algorithm>
#include <cstdint>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>

namespace eddy::inline v0 {

namespace {

/// How long a connection that nobody holds waits for a peer that takes nothing.
constexpr clock::duration linger_max = std::chrono::seconds(30);

coro<> until_room(transport& in) {
    co_await in.ready(interest::write);
}

coro<bool> room_within(transport& in, clock::duration limit) {
    try {
        co_await wait_for(until_room(in), limit);
    } catch (const timeout_error&) {
        co_return false;
    }
    co_return true;
}

constexpr std::size_t received_min = 4096;
constexpr std::size_t received_max = 64UL * 1024;

std::size_t size_of(stream_core::pieces what) noexcept {
    std::size_t bytes = 0;
    for (const std::span<const std::byte> each : what) {
        bytes += each.size();
    }
    return bytes;
}

} // namespace

stream_core::~stream_core() {
    close_locked(); // nobody else has it
}

// -- reading --

void stream_core::begin_reading(const char* call) {
    if (reading_.exchange(true, acquire)) { // P2
        throw invalid_state_error(std::string(call) + "() while another task reads the stream");
    }
}

reading_turn::reading_turn(const std::shared_ptr<stream_core>& of, const char* call)
    : core_(of != nullptr ? *of : (throw_empty_handle(), *of)) {
    core_.begin_reading(call);
}

bool stream_core::has_turn() noexcept {
    missed_ = scheduler::may_go_on() ? missed::nothing : missed::turn;
    return missed_ == missed::nothing;
}

// A connection that is closed at this end has ended for who reads it, as in asyncio.
sys::io_result stream_core::try_read(std::span<std::byte> into) {
    if (read_failure_) {
        throw std::system_error(read_failure_, "read");
    }
    if (closing()) {
        return {};
    }
    const sys::io_result got = carrier().try_read(into);
    if (got.error && !got.would_block()) {
        read_failure_ = got.error;
        throw std::system_error(got.error, "read");
    }
    if (got.bytes == 0 && !got.error && was_reset()) {
        read_failure_ = std::make_error_code(std::errc::connection_reset);
        throw std::system_error(read_failure_, "read");
    }
    return got;
}

// The kernel tells of a reset once. If a send has heard of it, what a receive sees looks like an
// end that the peer has meant.
bool stream_core::was_reset() const noexcept {
    const std::lock_guard hold(lock_);
    return failure_ == std::errc::connection_reset;
}

void stream_core::end_if_closing() {
    if (!closing()) {
        throw;
    }
    ended_ = true;
}

std::optional<std::size_t> stream_core::try_receive(std::span<std::byte> into) {
    if (!received_.empty() || into.empty()) {
        return received_.take(into);
    }
    received_.shrink();
    if (!has_turn()) [[unlikely]] {
        return std::nullopt;
    }
    try {
        if (ended_) {
            return 0;
        }
        if (carrier().ready_hint(interest::read)) {
            const sys::io_result got = try_read(into);
            if (!got.would_block()) {
                ended_ = got.bytes == 0;
                return got.bytes;
            }
        }
    } catch (const std::system_error&) {
        end_if_closing();
        return 0;
    }
    missed_ = missed::input;
    return std::nullopt;
}

// The buffer is there only while something is in it: a connection that is silent has none.
bool stream_core::try_fill() {
    if (!has_turn()) [[unlikely]] {
        return false;
    }
    try {
        if (ended_) {
            return true;
        }
        if (carrier().ready_hint(interest::read)) {
            const std::size_t wanted = std::clamp(received_.size(), received_min, received_max);
            const sys::io_result got = try_read(received_.room(wanted));
            if (!got.would_block()) {
                received_.commit(got.bytes);
                ended_ = got.bytes == 0;
                return true;
            }
        }
    } catch (const std::system_error&) {
        end_if_closing();
        return true;
    }
    received_.shrink();
    missed_ = missed::input;
    return false;
}

bool stream_core::input_op::await_suspend(promise_base& promise) {
    if (of_.missed_ == missed::turn) {
        return (::new (&turn_) yield_op())->await_suspend(promise);
    }
    try {
        ::new (&wait_) readiness_op(of_.carrier().ready(interest::read));
    } catch (const std::system_error&) {
        of_.missed_ = missed::nothing;
        of_.end_if_closing();
        return false;
    }
    return wait_.await_suspend(promise);
    // GONE: if that was true, the branch may already run elsewhere.
}

void stream_core::input_op::await_resume() {
    switch (std::exchange(of_.missed_, missed::nothing)) {
    case missed::nothing:
        break;
    case missed::turn:
        turn_.await_resume();
        break;
    case missed::input:
        try {
            wait_.await_resume();
        } catch (const std::system_error&) {
            of_.end_if_closing();
        }
        break;
    }
}

// -- writing --

void stream_core::write(pieces what) {
    const std::lock_guard hold(lock_);
    if (closing() || eof_wanted_) {
        throw invalid_state_error(closing() ? "write() on a stream that was closed"
                                            : "write() after write_eof()");
    }
    if (failure_) {
        return; // drain() says so
    }
    std::size_t sent = unsent_.empty() ? send_now(what) : 0;
    for (const std::span<const std::byte> each : what) {
        const std::size_t skipped = std::min(sent, each.size());
        unsent_.append(each.subspan(skipped));
        sent -= skipped;
    }
    if (!unsent_.empty()) {
        paused_ = paused_ || unsent_.size() > high_;
        start_flush();
    }
}

// All of it was sent after a failure: it is dropped.
std::size_t stream_core::send_now(pieces what) noexcept {
    try {
        const sys::io_result sent =
            what.size() == 1 ? carrier().try_write(what.front()) : carrier().try_write(what);
        if (!sent.error || sent.would_block()) {
            return sent.bytes;
        }
        fail_locked(sent.error);
    } catch (const std::system_error& error) {
        fail_locked(error.code());
    }
    return size_of(what);
}

void stream_core::start_flush() {
    if (!flushing_) {
        static const context none;
        (void)create_task(flush(shared_from_this()), {.name = "stream flush", .context = &none});
        flushing_ = true;
    }
}

coro<> stream_core::flush(std::shared_ptr<stream_core> self) {
    try {
        while (self->flush_some() == flush_state::blocked) {
            if (!co_await room_within(self->carrier(), linger_max) && self.use_count() == 1) {
                self->abort(); // both ends are gone, and the peer takes nothing
                co_return;
            }
        }
    } catch (const std::system_error& error) {
        self->fail(error.code());
    } catch (...) {
        self->fail(std::make_error_code(std::errc::operation_canceled));
        throw;
    }
}

stream_core::flush_state stream_core::flush_some() {
    told later;
    flush_state out = flush_state::ended;
    const std::lock_guard hold(lock_);
    while (!unsent_.empty()) {
        const sys::io_result sent = carrier().try_write(unsent_.bytes());
        if (sent.would_block()) {
            out = flush_state::blocked;
            break;
        }
        if (sent.error) {
            fail_locked(sent.error);
            break;
        }
        unsent_.consume(sent.bytes);
    }
    if (unsent_.empty() && eof_wanted_ && !failure_) {
        out = shutdown_locked();
    }
    if (unsent_.size() <= low_) {
        unpause(later);
    }
    if (out == flush_state::ended) {
        flushing_ = false;
        unsent_.shrink();
        if (closing()) {
            close_locked();
        }
        tell_if_closed(later);
    }
    return out;
}

stream_core::flush_state stream_core::shutdown_locked() {
    const sys::io_result result{.bytes = 0, .error = carrier().try_shutdown()};
    return result.would_block() ? flush_state::blocked : flush_state::ended;
}

void stream_core::write_eof() {
    const std::lock_guard hold(lock_);
    if (eof_wanted_ || closing()) {
        return;
    }
    eof_wanted_ = true;
    if (!failure_ && !flushing_) {
        if (shutdown_locked() == flush_state::blocked) {
            start_flush();
        }
    }
}

coro<> stream_core::drain() {
    if (!scheduler::may_go_on()) [[unlikely]] {
        co_await yield();
    }
    std::optional<future<void>> low;
    {
        const std::lock_guard hold(lock_);
        throw_if_failed();
        if (!paused_) {
            co_return;
        }
        low = wait_in(&told::drains);
    }
    co_await *low;
    const std::lock_guard hold(lock_);
    throw_if_failed();
}

void stream_core::throw_if_failed() const {
    if (failure_) {
        throw std::system_error(failure_, "write");
    }
}

coro<> stream_core::wait_closed() {
    std::optional<future<void>> closed;
    {
        const std::lock_guard hold(lock_);
        if (!closed_) {
            closed = wait_in(&told::closes);
        }
    }
    if (closed) {
        co_await *closed;
    }
    const std::lock_guard hold(lock_);
    throw_if_failed();
}

coro<> stream_core::secure(tls_options how) {
    const std::uint32_t low_before = start_emptying();
    co_await drain();
    try {
        put_carrier(co_await open_tls(take_carrier(low_before), std::move(how)));
    } catch (...) {
        abort();
        throw;
    }
}

std::uint32_t stream_core::start_emptying() noexcept {
    const std::lock_guard hold(lock_);
    paused_ = !unsent_.empty();
    return std::exchange(low_, 0);
}

std::unique_ptr<transport> stream_core::take_carrier(std::uint32_t low) {
    auto out = std::make_unique<socket_transport>(socket());
    const std::lock_guard hold(lock_);
    low_ = low;
    if (closing() || flushing_ || !received_.empty()) {
        throw invalid_state_error("a stream that is in use, or closed, cannot be secured");
    }
    if (auto* const other = std::get_if<std::unique_ptr<transport>>(&carried_by_)) {
        std::unique_ptr<transport> taken = std::move(*other);
        carried_by_.emplace<socket_transport>(socket());
        return taken;
    }
    *out->lowest() = std::move(*carrier().lowest());
    return out;
}

void stream_core::put_carrier(std::unique_ptr<transport> carrier) {
    const std::lock_guard hold(lock_);
    if (!closed_) {
        carried_by_ = std::move(carrier);
    }
}

std::string stream_core::peer() const {
    const std::lock_guard hold(lock_);
    return carrier().extra_info("peername");
}

std::size_t stream_core::unsent() const noexcept {
    const std::lock_guard hold(lock_);
    return unsent_.size();
}

void stream_core::set_limits(std::size_t high, std::size_t low) {
    if (low > high) {
        throw std::invalid_argument("the low-water mark " + std::to_string(low) +
                                    " is above the high one, " + std::to_string(high));
    }
    const std::lock_guard hold(lock_);
    high_ = static_cast<std::uint32_t>(std::min<std::size_t>(high, UINT32_MAX));
    low_ = static_cast<std::uint32_t>(std::min<std::size_t>(low, UINT32_MAX));
}

// -- the end --

void stream_core::close() noexcept {
    told later;
    const std::lock_guard hold(lock_);
    closing_.store(true, release); // P1
    if (!flushing_) {
        close_locked();
        tell_if_closed(later);
    }
}

// Unlike close it is not held up by a flush: that one finds the carrier closed.
void stream_core::abort() noexcept {
    told later;
    const std::lock_guard hold(lock_);
    closing_.store(true, release); // P1
    if (!unsent_.empty()) {
        fail_locked(std::make_error_code(std::errc::connection_aborted));
    }
    close_locked();
    unpause(later);
    tell_if_closed(later);
}

void stream_core::fail(const std::error_code& error) noexcept {
    told later;
    const std::lock_guard hold(lock_);
    flushing_ = false;
    fail_locked(error);
    unpause(later);
    if (closing()) {
        close_locked();
        tell_if_closed(later);
    }
}

void stream_core::fail_locked(const std::error_code& error) noexcept {
    if (!failure_) {
        failure_ = error;
    }
    unsent_.consume(unsent_.size());
}

void stream_core::close_locked() noexcept {
    if (!closed_) {
        closed_ = true;
        carrier().close();
    }
}

void stream_core::unpause(told& later) noexcept {
    paused_ = false;
    if (waiting_ != nullptr) {
        later.drains = std::exchange(waiting_->drains, {});
    }
}

void stream_core::tell_if_closed(told& later) noexcept {
    if (closed_ && waiting_ != nullptr) {
        later.closes = std::exchange(waiting_->closes, {});
    }
}

future<void> stream_core::wait_in(waiters told::* whom) {
    if (waiting_ == nullptr) {
        waiting_ = std::make_unique<told>();
    }
    return ((*waiting_).*whom).emplace_back().get_future();
}

stream_core::told::~told() {
    for (waiters* const each : {&drains, &closes}) {
        for (promise<void>& one : *each) {
            (void)one.set_value();
        }
    }
}

const std::shared_ptr<stream_core>& stream_parts::shared_by(const stream_ends& ends) {
    if (ends.first.core_ == nullptr || ends.first.core_ != ends.second.core_) {
        throw invalid_state_error("these are not the two ends of one connection");
    }
    return ends.first.core_;
}

} // namespace eddy::inline v0
