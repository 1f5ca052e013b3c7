"""A bad line between a client and its broker: it is slow, stalls and breaks, from a seed."""

import asyncio
import contextlib
import random
import threading
from collections import Counter

CHUNK_BYTES = 65_536
SLOW_PERCENT = 5  # Of the chunks.
SLOW_MAX_S = 0.2
CALM_MAX_S = 1.2  # Between two cuts.
STILL_PERCENT = 15  # Of the cuts are stalls instead.
STILL_MAX_S = 2.5
START_MAX_S = 120.0


class Proxy(threading.Thread):
    """Forwards a port to another; `is_bad` turns the faults on."""

    def __init__(self, port: int, target_port: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.is_bad = threading.Event()
        self.counts: Counter[str] = Counter()
        self._port = port
        self._target_port = target_port
        self._chance = random.Random(seed)  # noqa: S311  No secret: a test repeats.
        self._lines: dict[int, tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = {}
        self._moves = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._listens = threading.Event()

    def run(self) -> None:
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._serve())
            self._loop.run_until_complete(self._drain())
        finally:
            self._loop.close()

    def begin(self) -> None:
        self.start()
        assert self._listens.wait(START_MAX_S), "the proxy does not listen"

    def finish(self) -> None:
        self._loop.call_soon_threadsafe(self._end)
        self.join(START_MAX_S)

    def _end(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    async def _serve(self) -> None:
        self._moves.set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._listens.set()
        async with server:
            await self._break()

    async def _drain(self) -> None:
        """Wait until the cancelled lines have ended."""
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await asyncio.gather(*others, return_exceptions=True)

    async def _break(self) -> None:
        """Cut one line or all, or stall them for a while, again and again."""
        while True:
            await asyncio.sleep(self._chance.uniform(0, CALM_MAX_S))
            if not (self.is_bad.is_set() and self._lines):
                continue
            if self._chance.randrange(100) < STILL_PERCENT:
                self.counts["stood still"] += 1
                self._moves.clear()
                await asyncio.sleep(self._chance.uniform(0, STILL_MAX_S))
                self._moves.set()
                continue
            lines = list(self._lines)
            for line in lines if self._chance.randrange(4) == 0 else [self._chance.choice(lines)]:
                self.counts["cut"] += 1
                for writer in self._lines[line]:
                    writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()  # The broker is down, and its clients shall notice it.
            return
        self.counts["lines"] += 1
        line = self.counts["lines"]
        self._lines[line] = (writer, far_writer)
        try:
            await asyncio.gather(
                self._forward(reader, far_writer), self._forward(far_reader, writer)
            )
        except OSError:
            pass  # Cut, by us or by either end.
        finally:
            del self._lines[line]
            writer.transport.abort()
            far_writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            await self._moves.wait()
            if self.is_bad.is_set() and self._chance.randrange(100) < SLOW_PERCENT:
                self.counts["slow"] += 1
                await asyncio.sleep(self._chance.uniform(0, SLOW_MAX_S))
            writer.write(chunk)
            await writer.drain()
        raise ConnectionResetError  # One end was closed, so close the other too.
