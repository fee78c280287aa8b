"""A box on the way that chokes on some payloads: carries bytes between a port of its own and another one of this
machine, cuts the connection on which CUT-ME goes by, and answers PAGE-ME with a 403 page of its own.

    middlebox.py PORT TARGET
"""

import asyncio
import sys

PAGE = b"<html><body><h1>Forbidden</h1></body></html>"
REFUSAL = (b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
           % (len(PAGE), PAGE))


class Upstream(asyncio.Protocol):
    def __init__(self, client):
        self._client = client

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self._client.transport.write(data)

    def connection_lost(self, _):
        self._client.transport.close()


class Client(asyncio.Protocol):
    def __init__(self, target):
        self._target = target
        self._upstream = None
        self._early = []

    def connection_made(self, transport):
        self.transport = transport
        self._opening = asyncio.ensure_future(self._open())

    async def _open(self):
        loop = asyncio.get_running_loop()
        upstream, _ = await loop.create_connection(lambda: Upstream(self), "127.0.0.1", self._target)
        self._upstream = upstream
        for data in self._early:
            upstream.write(data)

    def data_received(self, data):
        if b"CUT-ME" in data:
            self.transport.abort()
        elif b"PAGE-ME" in data:
            self.transport.write(REFUSAL)
            self.transport.close()
        elif self._upstream:
            self._upstream.write(data)
        else:
            self._early.append(data)

    def connection_lost(self, _):
        if self._upstream:
            self._upstream.abort()


async def main():
    port, target = map(int, sys.argv[1:])
    server = await asyncio.get_running_loop().create_server(lambda: Client(target), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


asyncio.run(main())
