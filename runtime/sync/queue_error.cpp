// queue_error.cpp — the places of the vtables.

#include <eddy/sync/queue_error.hpp>

namespace eddy::inline v0 {

queue_empty::~queue_empty() = default;
queue_full::~queue_full() = default;
queue_shut_down::~queue_shut_down() = default;
channel_closed::~channel_closed() = default;
broadcast_lagged::~broadcast_lagged() = default;

} // namespace eddy::inline v0
