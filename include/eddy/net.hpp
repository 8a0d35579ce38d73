// net.hpp — sockets, streams and servers: includes only. It is not part of eddy.hpp, so that
// programs without a network compile faster.

#pragma once

#include <eddy/net/address.hpp>
#include <eddy/net/connect.hpp>
#include <eddy/net/datagram.hpp>
#include <eddy/net/listen_fds.hpp>
#include <eddy/net/resolve.hpp>
#include <eddy/net/server.hpp>
#include <eddy/net/socket.hpp>
#include <eddy/net/stream.hpp>
#include <eddy/net/stream_error.hpp>
#include <eddy/net/tls.hpp>
#include <eddy/net/transport.hpp>
