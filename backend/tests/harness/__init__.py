"""What tests of the whole product share: consoles in this process or in one of their own, clients, frames, guards."""

from tests.harness.client import ConsoleClient, EventStream, Json
from tests.harness.console import QUICK, Console, console_app
from tests.harness.frames import Frame, Transcript
from tests.harness.process import ConsoleProcess, ServerProcess
from tests.harness.reading import Reading, reading, soon, stuck

__all__ = [
    "QUICK",
    "Console",
    "ConsoleClient",
    "ConsoleProcess",
    "EventStream",
    "Frame",
    "Json",
    "Reading",
    "ServerProcess",
    "Transcript",
    "console_app",
    "reading",
    "soon",
    "stuck",
]
