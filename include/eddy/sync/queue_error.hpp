// queue_error.hpp — what queues and channels throw.

#pragma once

#include <eddy/base/export.hpp>

#include <cstdint>
#include <stdexcept>

namespace eddy::inline v0 {

/// get_nowait of a queue that is empty; asyncio's QueueEmpty.
class EDDY_API queue_empty : public std::runtime_error {
public:
    queue_empty() : std::runtime_error("the queue is empty") {}
    ~queue_empty() override;
};

/// put_nowait into a queue that is full; asyncio's QueueFull.
class EDDY_API queue_full : public std::runtime_error {
public:
    queue_full() : std::runtime_error("the queue is full") {}
    ~queue_full() override;
};

/// The queue was shut down: nothing can be put, and there is nothing left to get; asyncio's
/// QueueShutDown.
class EDDY_API queue_shut_down : public std::runtime_error {
public:
    queue_shut_down() : std::runtime_error("the queue was shut down") {}
    ~queue_shut_down() override;
};

/// The channel was closed: nothing can be sent.
class EDDY_API channel_closed : public std::runtime_error {
public:
    channel_closed() : std::runtime_error("the channel is closed") {}
    ~channel_closed() override;
};

/// A subscription has missed items of a broadcast, because it was too slow.
class EDDY_API broadcast_lagged : public std::runtime_error {
public:
    explicit broadcast_lagged(std::uint64_t missed)
        : std::runtime_error("the subscription has missed items"), missed_(missed) {}
    ~broadcast_lagged() override;

    /// How many.
    [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

private:
    std::uint64_t missed_;
};

} // namespace eddy::inline v0
