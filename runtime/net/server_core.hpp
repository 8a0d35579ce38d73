// server_core.hpp — what accepts, and the connections that came of it.
//
// Threads:    any task; the table of connections is guarded by lock_.
// Invariants: I1  a connection is counted from when it was accepted until its coroutine is gone,
//                 and in the table while its handler runs.
//             I2  whoever waits for a change of the count is told of the next one.
// Pairs:      P1  closing_: close -> the accepting tasks, which the closed socket wakes
// Design:     docs/design/server.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/intrusive_list.hpp>
#include <eddy/core/future.hpp>
#include <eddy/net/server.hpp>
#include <eddy/sched/event_loop.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// A socket that listens; its name in the file system may go with it.
class listening_socket {
public:
    explicit listening_socket(socket over, toggle remove_path = toggle::off);

    [[nodiscard]] socket& over() noexcept { return over_; }
    [[nodiscard]] const socket& over() const noexcept { return over_; }
    void close() noexcept;

private:
    socket over_;
    std::string path_; // to be removed; empty if nothing
    sys::socket_file file_;
};

class server_core final : public std::enable_shared_from_this<server_core> {
public:
    /// By a task: the server belongs to its runtime.
    server_core(connection_handler handler, const server_options& options);

    /// Begins to accept on `listening`; each connection begins on loop `loop`, if that is given.
    void accept_on(listening_socket listening, std::optional<std::size_t> loop);
    [[nodiscard]] std::size_t loops() const noexcept { return loops_.size(); }

    [[nodiscard]] std::vector<socket_address> addresses() const;
    [[nodiscard]] bool closed() const noexcept { return closing_.load(acquire); } // P1
    [[nodiscard]] std::size_t connections() const noexcept;
    void close() noexcept;
    [[nodiscard]] coro<> wait_closed();
    /// Until no handler runs, and nobody accepts.
    [[nodiscard]] coro<> wait_idle();
    [[nodiscard]] coro<drain_report> drain(clock::duration limit);

private:
    class acceptor;
    class connection;
    using waiters = std::vector<promise<void>>;

    [[nodiscard]] static coro<> accept_all(acceptor who, socket& listening,
                                           std::optional<std::size_t> loop);
    void begin(socket accepted, std::optional<std::size_t> loop) noexcept;
    [[nodiscard]] static coro<> serve(connection mine);
    [[nodiscard]] coro<> start(connection& with);
    [[nodiscard]] coro<> secure(std::shared_ptr<stream_core> stream);
    [[nodiscard]] coro<> handle(std::shared_ptr<stream_core> stream);

    /// On which loop a connection is counted; nothing once the server is closed.
    [[nodiscard]] std::optional<std::size_t> enter(std::optional<std::size_t> loop) noexcept;
    void leave(connection& who) noexcept;
    void tell_all() noexcept; // lock_ is held
    /// Nothing if `reached()` holds, else what tells of the next change.
    template <typename Condition>
    [[nodiscard]] std::optional<future<void>> unless(Condition reached);

    void cancel_all();
    [[nodiscard]] std::vector<std::string> peers();

    const connection_handler handler_;
    const server_options options_;
    const std::vector<event_loop*> loops_;
    atomic<bool> closing_{false};

    mutable std::mutex lock_; // guards what follows
    std::vector<std::unique_ptr<listening_socket>> listening_;
    intrusive_list<connection> running_;
    std::size_t count_ = 0;
    std::shared_ptr<server_core> self_; // while connections are counted
    std::size_t accepting_ = 0;
    std::vector<std::size_t> count_by_loop_;
    bool ending_ = false; // handlers that have not begun do not
    waiters changes_;
};

} // namespace eddy::inline v0
