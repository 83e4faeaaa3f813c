"""``python -m emulator``: serve until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    # Importing the HTTP library reads the machine's certificates, a quarter of the start, for calls never made here.
    os.environ.setdefault("SSL_CERT_FILE", os.devnull)
    # What is imported stays: looking through it for garbage is another twentieth.
    gc.disable()

from .errors import ApiError
from .server import DEFAULT_PORT, Emulator

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="emulator", description="A stand-in for OpenRouter.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one")
    parser.add_argument("--no-auth", action="store_true", help="let calls without a key pass")
    parser.add_argument(
        "--scenario",
        default="",
        metavar="FILE|TEXT",
        help="how calls behave, for example 'latency=350; rate=60', or a file with one 'target: scenario' per line",
    )
    args = parser.parse_args(argv)
    try:
        emulator = Emulator(
            host=args.host, port=args.port, needs_key=not args.no_auth, scenario=_scenario_of(args.scenario)
        )
    except (ApiError, OSError, UnicodeDecodeError) as error:
        parser.error(str(error))
    return asyncio.run(serve(emulator))


def _scenario_of(argument: str) -> str:
    path = Path(argument)
    return path.read_text(encoding="utf-8") if argument and len(argument) < 256 and path.is_file() else argument


async def serve(emulator: Emulator) -> int:
    """Serve until a signal comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        await emulator.start()
    except OSError as error:
        sys.stderr.write(f"emulator: {error.strerror}\n")
        return 1
    gc.freeze()
    gc.enable()
    for name in STOP_SIGNALS:
        loop.add_signal_handler(name, stop.set)
    sys.stdout.write(f"Ready: {emulator.base_url}\n")
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        for name in STOP_SIGNALS:
            loop.remove_signal_handler(name)
        await emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
