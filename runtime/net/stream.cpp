// stream.cpp — lines and lengths over what a stream receives.

#include "net/stream_core.hpp"
#include <eddy/core/errors.hpp>
#include <eddy/net/stream.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <vector>

namespace eddy::inline v0 {

namespace {

std::string take_text(byte_buffer& from, std::size_t bytes) {
    std::string out(from.text().substr(0, bytes));
    from.consume(out.size());
    return out;
}

// How many bytes it is to the end of the first separator, which does not begin before `from`; 0 if
// more has to come.
std::size_t look_for(std::string_view separator, stream_core& core, std::size_t& from) {
    const std::string_view text = core.received().text();
    const std::size_t at = text.find(separator, from);
    if (at != std::string_view::npos) {
        if (at > core.limit()) {
            throw limit_overrun_error("a separator was found, but beyond the limit of " +
                                          std::to_string(core.limit()) + " bytes",
                                      at);
        }
        return at + separator.size();
    }
    from = text.size() < separator.size() ? 0 : text.size() - separator.size() + 1;
    if (from > core.limit()) {
        throw limit_overrun_error("no separator was found within the limit of " +
                                      std::to_string(core.limit()) + " bytes",
                                  from);
    }
    return 0;
}

// The same; a line that is too long is dropped.
std::size_t look_for_line(stream_core& core, std::size_t& from) {
    try {
        return look_for("\n", core, from);
    } catch (const limit_overrun_error&) {
        byte_buffer& buffer = core.received();
        const std::size_t end = buffer.text().find('\n');
        buffer.consume(end == std::string_view::npos ? buffer.size() : end + 1);
        throw;
    }
}

stream_core& checked(const std::shared_ptr<stream_core>& core) {
    if (core == nullptr) {
        throw_empty_handle();
    }
    return *core;
}

} // namespace

// -- the reader --

stream_reader::stream_reader() noexcept = default;
stream_reader::stream_reader(std::shared_ptr<stream_core> of) noexcept : core_(std::move(of)) {}
stream_reader::stream_reader(stream_reader&&) noexcept = default;
stream_reader& stream_reader::operator=(stream_reader&&) noexcept = default;
stream_reader::~stream_reader() = default;

bool stream_reader::at_eof() const noexcept {
    return core_ == nullptr || (core_->ended() && core_->received().empty());
}

coro<std::string> stream_reader::read(std::size_t bytes_max) {
    const reading_turn turn(core_, "read");
    if (bytes_max == everything) {
        while (co_await turn->fill()) {
        }
    } else if (bytes_max != 0) {
        while (turn->received().empty() && co_await turn->fill()) {
        }
    }
    co_return take_text(turn->received(), bytes_max);
}

coro<std::size_t> stream_reader::read_into(std::span<std::byte> into) {
    const reading_turn turn(core_, "read_into");
    for (;;) {
        if (const std::optional<std::size_t> got = turn->try_receive(into)) {
            co_return *got;
        }
        co_await turn->input();
    }
}

coro<std::string> stream_reader::readexactly(std::size_t bytes) {
    const reading_turn turn(core_, "readexactly");
    while (turn->received().size() < bytes) {
        if (!co_await turn->fill()) {
            throw incomplete_read_error(take_text(turn->received(), everything), bytes);
        }
    }
    co_return take_text(turn->received(), bytes);
}

coro<> stream_reader::readexactly_into(std::span<std::byte> into) {
    const reading_turn turn(core_, "readexactly_into");
    std::size_t got = 0;
    try {
        while (got < into.size()) {
            const std::optional<std::size_t> more = turn->try_receive(into.subspan(got));
            if (!more) {
                co_await turn->input();
            } else if (*more == 0) {
                break;
            }
            got += more.value_or(0);
        }
    } catch (...) { // a cancel: what has come stays in the reader
        turn->received().append(into.first(got));
        throw;
    }
    if (got != into.size()) {
        const auto* const text = reinterpret_cast<const char*>(into.data());
        throw incomplete_read_error(std::string(text, got), into.size());
    }
}

coro<std::string> stream_reader::readuntil(std::string_view separator) {
    if (separator.empty()) {
        throw std::invalid_argument("readuntil() with an empty separator");
    }
    const reading_turn turn(core_, "readuntil");
    const std::string kept(separator);
    std::size_t from = 0;
    std::size_t bytes = 0;
    while ((bytes = look_for(kept, *turn, from)) == 0) {
        if (!co_await turn->fill()) {
            throw incomplete_read_error(take_text(turn->received(), everything), 0);
        }
    }
    co_return take_text(turn->received(), bytes);
}

// It keeps little while it waits: most of the time that is all a silent connection does.
coro<std::string> stream_reader::readline() {
    const reading_turn turn(core_, "readline");
    std::size_t from = 0;
    for (;;) {
        const std::size_t bytes = look_for_line(*turn, from);
        if (bytes != 0 || !co_await turn->fill()) {
            co_return take_text(turn->received(), bytes == 0 ? everything : bytes);
        }
    }
}

async_generator<std::string> stream_reader::lines() {
    for (;;) {
        std::string line = co_await readline();
        if (line.empty()) {
            co_return;
        }
        co_yield std::move(line);
    }
}

// -- the writer --

stream_writer::stream_writer() noexcept = default;
stream_writer::stream_writer(std::shared_ptr<stream_core> of) noexcept : core_(std::move(of)) {}
stream_writer::stream_writer(stream_writer&&) noexcept = default;
stream_writer& stream_writer::operator=(stream_writer&&) noexcept = default;
stream_writer::~stream_writer() = default;

void stream_writer::write(std::span<const std::byte> bytes) {
    stream_core& core = checked(core_);
    if (!bytes.empty()) {
        core.write({&bytes, 1});
    }
}

void stream_writer::writelines(std::span<const std::span<const std::byte>> pieces) {
    checked(core_).write(pieces);
}

void stream_writer::writelines(std::span<const std::string> pieces) {
    std::vector<std::span<const std::byte>> all;
    all.reserve(pieces.size());
    for (const std::string& each : pieces) {
        all.push_back(std::as_bytes(std::span(each)));
    }
    checked(core_).write(all);
}

coro<> stream_writer::drain() {
    return checked(core_).drain();
}

void stream_writer::write_eof() {
    checked(core_).write_eof();
}

void stream_writer::close() noexcept {
    if (core_ != nullptr) {
        core_->close();
    }
}

void stream_writer::abort() noexcept {
    if (core_ != nullptr) {
        core_->abort();
    }
}

bool stream_writer::is_closing() const noexcept {
    return core_ == nullptr || core_->closing();
}

coro<> stream_writer::wait_closed() {
    return checked(core_).wait_closed();
}

std::size_t stream_writer::buffered() const noexcept {
    return core_ == nullptr ? 0 : core_->unsent();
}

void stream_writer::set_write_buffer_limits(std::size_t high, std::size_t low) {
    checked(core_).set_limits(high, low);
}

std::string stream_writer::get_extra_info(std::string_view name) const {
    return core_ == nullptr ? std::string() : core_->carrier().extra_info(name);
}

socket* stream_writer::get_socket() noexcept {
    return core_ == nullptr ? nullptr : core_->carrier().lowest();
}

// -- making --

stream_ends open_stream(std::unique_ptr<transport> carrier, std::size_t limit) {
    auto core = std::make_shared<stream_core>(std::move(carrier), limit);
    return {stream_reader(core), stream_writer(core)};
}

stream_ends open_stream(socket connection, std::size_t limit) {
    auto core = std::make_shared<stream_core>(std::move(connection), limit);
    return {stream_reader(core), stream_writer(core)};
}

} // namespace eddy::inline v0
