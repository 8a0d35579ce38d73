#!/usr/bin/env python3
"""Echo by Python's asyncio, as streams or as protocols; a process for each core.

usage: python_asyncio.py streams|protocols [--cores N] [--buffer BYTES]

Prints where it listens; ends when stdin does. (Not named asyncio.py: that would be what it imports.)
"""

import argparse
import asyncio
import os
import socket
import sys


class Echo(asyncio.Protocol):
    """Sends back what comes."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def echo(reader, writer, buffer_bytes):
    """One connection."""
    try:
        while data := await reader.read(buffer_bytes):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # the peer is gone
    writer.close()


def listen(port):
    """Gives a listener; several may have one port."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(4096)
    return listener


async def serve(listener, arguments, close_with):
    """Serves until `close_with` is at its end."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def look():
        if close_with.read(4096) == b"" and not ended.done():
            ended.set_result(None)

    loop.add_reader(close_with, look)
    if arguments.style == "protocols":
        server = await loop.create_server(Echo, sock=listener)
    else:
        server = await asyncio.start_server(
            lambda reader, writer: echo(reader, writer, arguments.buffer), sock=listener)
    await ended
    server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("style", choices=("streams", "protocols"))
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--buffer", type=int, default=4096)
    arguments = parser.parse_args()
    listener = listen(0)
    port = listener.getsockname()[1]
    end, others_end = os.pipe()
    for _ in range(arguments.cores - 1):
        other = listen(port)
        if os.fork() == 0:
            os.close(others_end)
            listener.close()
            with open(end, "rb", buffering=0) as close_with:
                asyncio.run(serve(other, arguments, close_with))
            os._exit(0)
        other.close()
    print(f"tcp:{port}", flush=True)
    asyncio.run(serve(listener, arguments, sys.stdin.buffer.raw))


if __name__ == "__main__":
    main()
