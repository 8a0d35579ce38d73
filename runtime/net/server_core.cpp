// server_core.cpp — accepting, and what becomes of a connection.

#include "net/server_core.hpp"

#include "net/stream_core.hpp"
#include <eddy/core/context.hpp>
#include <eddy/core/outcome.hpp>
#include <eddy/core/report.hpp>
#include <eddy/core/task.hpp>
#include <eddy/sched/create_task.hpp>
#include <eddy/sched/sleep.hpp>
#include <eddy/sched/timeout.hpp>

#include <algorithm>
#include <stdexcept>
#include <variant>

namespace eddy::inline v0 {

namespace {

enum class accept_failure : std::uint8_t { of_the_connection, of_the_server };

// What accept(2) says of a connection that was gone before it was accepted, or of the network.
accept_failure kind_of(const std::error_code& error) noexcept {
    for (const std::errc each :
         {std::errc::connection_aborted, std::errc::protocol_error, std::errc::network_down,
          std::errc::no_protocol_option, std::errc::host_unreachable,
          std::errc::network_unreachable, std::errc::operation_not_supported,
          std::errc::operation_not_permitted, std::errc::timed_out, std::errc::connection_reset}) {
        if (error == each) {
            return accept_failure::of_the_connection;
        }
    }
    return accept_failure::of_the_server;
}

/// A firewall that lets nobody in says so without end, and takes nobody out of the queue.
constexpr unsigned failed_in_a_row_max = 64;

std::error_code code_of(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error& known) {
        return known.code();
    } catch (...) {
        return std::make_error_code(std::errc::not_enough_memory);
    }
}

// How a connection ends that its peer gave up: nothing to report.
bool is_of_the_peer(const std::error_code& error) noexcept {
    return error == std::errc::connection_reset || error == std::errc::broken_pipe ||
           error == std::errc::connection_aborted || error == std::errc::timed_out ||
           error == tls_errc::truncated || error == tls_errc::alert;
}

coro<> nothing() {
    co_return;
}

// That a connection lasts too long is its end, and nothing to report.
coro<> within(coro<> body, clock::duration limit) {
    const auto deadline = now() + limit;
    const outcome<void> ended = co_await as_result(wait_for(std::move(body), limit));
    if (!ended.holds<timeout_error>() || now() < deadline) {
        ended.value();
    }
}

} // namespace

/// Counts an accepting task until it ends, however that is: the server is closed then.
class server_core::acceptor {
public:
    explicit acceptor(std::shared_ptr<server_core> of) noexcept : of_(std::move(of)) {
        const std::lock_guard hold(of_->lock_);
        ++of_->accepting_;
    }
    acceptor(acceptor&&) noexcept = default;
    acceptor& operator=(acceptor&&) = delete;
    ~acceptor() {
        if (of_ != nullptr) {
            of_->close();
            const std::lock_guard hold(of_->lock_);
            --of_->accepting_;
            of_->tell_all();
        }
    }

    [[nodiscard]] server_core& of() const noexcept { return *of_; }

private:
    std::shared_ptr<server_core> of_;
};

/// Counts a connection while it lives, also if its handler never begins; and is in the table while
/// that runs.
class server_core::connection : public list_hook {
public:
    /// `of` has counted it.
    connection(server_core& of, std::size_t loop, std::shared_ptr<stream_core> stream) noexcept
        : of_(&of), stream_(std::move(stream)), loop_(static_cast<std::uint32_t>(loop)) {}
    /// Of one that has not begun.
    connection(connection&& other) noexcept
        : list_hook(), of_(std::exchange(other.of_, nullptr)), stream_(std::move(other.stream_)),
          loop_(other.loop_) {}
    connection& operator=(connection&&) = delete;
    ~connection() {
        if (of_ != nullptr) {
            of_->leave(*this);
        }
    }

    [[nodiscard]] server_core& of() const noexcept { return *of_; }
    [[nodiscard]] std::uint32_t loop() const noexcept { return loop_; }
    /// By its task: gives the stream for the handler, which drops it when it likes.
    [[nodiscard]] std::shared_ptr<stream_core> begin() {
        task_ = current_task();
        std::shared_ptr<stream_core> out = std::move(*std::get_if<0>(&stream_));
        stream_.emplace<std::weak_ptr<stream_core>>(out);
        return out;
    }
    /// After begin: the stream, while somebody has it.
    [[nodiscard]] std::shared_ptr<stream_core> stream() const noexcept {
        return std::get_if<1>(&stream_)->lock();
    }
    void cancel() { (void)task_.cancel("the server ends"); }

private:
    server_core* of_;
    any_task task_;
    // Packed: each byte here is one of an idle connection.
    [[no_unique_address]] std::variant<std::shared_ptr<stream_core>, std::weak_ptr<stream_core>>
        stream_;
    std::uint32_t loop_;
};

server_core::server_core(connection_handler handler, const server_options& options)
    : handler_(std::move(handler)), options_(options), loops_(get_all_loops()),
      count_by_loop_(loops_.size(), 0) {
    if (handler_ == nullptr) {
        throw std::invalid_argument("a server needs a handler");
    }
    if (options_.connections_max == 0) {
        throw std::invalid_argument("a server with connections_max = 0 would serve nobody");
    }
    if (options_.tls && !options_.tls->context.is_for_servers()) {
        throw std::invalid_argument("a server needs a context of tls_context::server");
    }
}

// -- accepting --

listening_socket::listening_socket(socket over, toggle remove_path) : over_(std::move(over)) {
    if (remove_path == toggle::on) {
        path_ = over_.local_address().host(); // an abstract name is no file
        file_ = sys::find_socket(path_.c_str());
    }
}

// Its name may be somebody else's by now.
void listening_socket::close() noexcept {
    over_.close();
    if (file_ && sys::find_socket(path_.c_str()) == file_) {
        sys::unlink(path_.c_str());
    }
    file_ = {};
}

void server_core::accept_on(listening_socket listening, std::optional<std::size_t> loop) {
    static const context none;
    auto kept = std::make_unique<listening_socket>(std::move(listening));
    socket& mine = kept->over();
    {
        const std::lock_guard hold(lock_);
        listening_.push_back(std::move(kept));
    }
    (void)create_task(accept_all(acceptor(shared_from_this()), mine, loop),
                      {.name = "server " + mine.local_address().str(),
                       .context = &none,
                       .loop = loop ? loops_[*loop] : nullptr});
}

coro<> server_core::accept_all(acceptor who, socket& listening, std::optional<std::size_t> loop) {
    server_core& self = who.of();
    unsigned failed_in_a_row = 0;
    for (bool reported = false;;) {
        while (auto room = self.unless(
                   [&] { return self.closed() || self.count_ < self.options_.connections_max; })) {
            co_await *room;
        }
        outcome<accepted> got = co_await as_result(listening.accept());
        if (got) {
            self.begin(std::move(got->connection), loop);
            reported = false;
            failed_in_a_row = 0;
            continue;
        }
        if (got.cancelled()) {
            std::rethrow_exception(got.error());
        }
        if (self.closed()) {
            co_return;
        }
        const accept_failure kind = kind_of(code_of(got.error()));
        if (kind == accept_failure::of_the_connection && ++failed_in_a_row < failed_in_a_row_max) {
            continue;
        }
        failed_in_a_row = 0;
        if (kind == accept_failure::of_the_server && !std::exchange(reported, true)) {
            emit_callback_failure("a server, accepting", got.error());
        }
        co_await sleep(self.options_.pause);
    }
}

// A connection for which there is no memory is closed.
void server_core::begin(socket accepted, std::optional<std::size_t> loop) noexcept {
    try {
        static const context none;
        if (options_.no_delay == toggle::on) {
            accepted.set_no_delay(toggle::on);
        }
        if (options_.keep_alive_probes) {
            accepted.set_keep_alive(options_.keep_alive_probes);
        }
        auto stream = std::make_shared<stream_core>(std::move(accepted), options_.limit);
        if (const std::optional<std::size_t> chosen = enter(loop)) {
            (void)create_task(serve(connection(*this, *chosen, std::move(stream))),
                              {.context = &none, .loop = loops_[*chosen]});
        }
    } catch (...) {
        emit_callback_failure("a server, beginning a connection", std::current_exception());
    }
}

// What it keeps while the handler waits is part of what an idle connection costs.
coro<> server_core::serve(connection mine) {
    try {
        co_await mine.of().start(mine);
    } catch (const std::system_error& error) {
        if (!is_of_the_peer(error.code())) {
            throw;
        }
    }
}

coro<> server_core::start(connection& with) {
    std::shared_ptr<stream_core> stream = with.begin();
    {
        const std::lock_guard hold(lock_);
        if (ending_) {
            return nothing();
        }
        running_.push_back(with);
    }
    return options_.tls ? secure(std::move(stream)) : handle(std::move(stream));
}

coro<> server_core::secure(std::shared_ptr<stream_core> stream) {
    const std::string peer = stream->peer();
    const outcome<void> secured = co_await as_result(stream->secure(*options_.tls));
    try {
        secured.value();
    } catch (const tls_error& error) {
        if (options_.on_failed_handshake) {
            options_.on_failed_handshake(error, peer);
        }
        co_return;
    }
    co_await handle(std::move(stream));
}

coro<> server_core::handle(std::shared_ptr<stream_core> stream) {
    stream_reader reader(stream);
    coro<> body = handler_(std::move(reader), stream_writer(std::move(stream)));
    return options_.connection_deadline ? within(std::move(body), *options_.connection_deadline)
                                        : std::move(body);
}

// -- counting --

std::optional<std::size_t> server_core::enter(std::optional<std::size_t> loop) noexcept {
    const std::lock_guard hold(lock_);
    if (closed()) {
        return std::nullopt;
    }
    const std::size_t chosen =
        loop ? *loop
             : static_cast<std::size_t>(std::ranges::min_element(count_by_loop_) -
                                        count_by_loop_.begin());
    if (count_ == 0) {
        self_ = shared_from_this();
    }
    ++count_by_loop_[chosen];
    ++count_;
    return chosen;
}

void server_core::leave(connection& who) noexcept {
    std::shared_ptr<server_core> last; // dropped when the lock is given back
    const std::lock_guard hold(lock_);
    if (who.linked()) {
        who.unlink();
    }
    --count_by_loop_[who.loop()];
    if (--count_ == 0) {
        last = std::move(self_);
    }
    tell_all();
}

// It wakes them, and they run when their workers come to it.
void server_core::tell_all() noexcept {
    for (promise<void>& each : changes_) {
        (void)each.set_value();
    }
    changes_.clear();
}

std::size_t server_core::connections() const noexcept {
    const std::lock_guard hold(lock_);
    return count_;
}

template <typename Condition>
std::optional<future<void>> server_core::unless(Condition reached) {
    const std::lock_guard hold(lock_);
    if (reached()) {
        return std::nullopt;
    }
    return changes_.emplace_back().get_future();
}

// -- the end --

void server_core::close() noexcept {
    const std::lock_guard hold(lock_);
    closing_.store(true, release); // P1
    for (const std::unique_ptr<listening_socket>& each : listening_) {
        each->close();
    }
    tell_all();
}

coro<> server_core::wait_closed() {
    while (auto change = unless([this] { return closed(); })) {
        co_await *change;
    }
}

coro<> server_core::wait_idle() {
    while (auto change = unless([this] { return count_ == 0 && accepting_ == 0; })) {
        co_await *change;
    }
}

coro<drain_report> server_core::drain(clock::duration limit) {
    drain_report out;
    close();
    const std::size_t at_first = connections();
    const outcome<void> in_time = co_await as_result(wait_for(wait_idle(), limit));
    const std::size_t late = connections();
    out.finished = at_first - late;
    cancel_all();
    if (in_time.cancelled()) {
        std::rethrow_exception(in_time.error());
    }
    if (late != 0) {
        const outcome<void> after = co_await as_result(wait_for(wait_idle(), options_.grace));
        if (after.cancelled()) {
            std::rethrow_exception(after.error());
        }
        out.refused = peers();
        out.cancelled = late - out.refused.size();
    }
    co_return out;
}

void server_core::cancel_all() {
    const std::lock_guard hold(lock_);
    ending_ = true;
    running_.for_each([](connection& each) { each.cancel(); });
}

std::vector<std::string> server_core::peers() {
    std::vector<std::shared_ptr<stream_core>> streams; // the last one to let go closes: not locked
    std::size_t others = 0;
    {
        const std::lock_guard hold(lock_);
        running_.for_each([&](connection& each) {
            if (auto stream = each.stream()) {
                streams.push_back(std::move(stream));
            } else {
                ++others;
            }
        });
    }
    std::vector<std::string> out;
    out.reserve(streams.size() + others);
    for (const std::shared_ptr<stream_core>& each : streams) {
        out.push_back(each->peer());
    }
    out.resize(out.size() + others, "a connection that is closed");
    return out;
}

std::vector<socket_address> server_core::addresses() const {
    const std::lock_guard hold(lock_);
    std::vector<socket_address> out;
    for (const std::unique_ptr<listening_socket>& each : listening_) {
        if (each->over()) {
            out.push_back(each->over().local_address());
        }
    }
    return out;
}

} // namespace eddy::inline v0
