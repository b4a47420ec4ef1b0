#!/usr/bin/python3
"""The server behind the proxies under test: HTTP/1.1, answers with the size of a body.

It reads chunked bodies to the end of their trailers: one that stops at the last chunk makes
generic/4/4 fail for the wrong reason.
"""

import argparse
import asyncio
import contextlib


async def read_body(reader: asyncio.StreamReader, fields: dict[str, str]) -> int:
    """Reads one body; the number of its bytes. Trailers are read away."""
    if fields.get("transfer-encoding", "").lower() != "chunked":
        length = int(fields.get("content-length", "0"))
        await reader.readexactly(length)
        return length
    total = 0
    while size := int((await reader.readline()).split(b";")[0], 16):
        await reader.readexactly(size + 2)
        total += size
    while (await reader.readline()).strip():
        pass
    return total


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
        while line := await reader.readline():
            method = line.split()[0]
            fields: dict[str, str] = {}
            while field := (await reader.readline()).strip():
                name, _, value = field.decode("latin-1").partition(":")
                fields[name.strip().lower()] = value.strip()
            body = f"{await read_body(reader, fields)} bytes received\n".encode()
            length = f"Content-Length: {len(body)}\r\n\r\n"
            head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + length
            writer.write(head.encode() + (b"" if method == b"HEAD" else body))
            await writer.drain()
    writer.close()


async def start(port: int = 0) -> tuple[asyncio.Server, int]:
    """Listens on 127.0.0.1; the server and its port."""
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    return server, server.sockets[0].getsockname()[1]


async def run(port: int) -> None:
    server, port = await start(port)
    print(port, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="where to listen; 0: a free port, printed"
    )
    asyncio.run(run(parser.parse_args().port))
