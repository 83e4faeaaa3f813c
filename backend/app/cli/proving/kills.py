"""Promise: text you saw is text we stored, and nothing is asked twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from app.cli.proving.evidence import Evidence
from app.cli.proving.screen import Screen
from app.cli.proving.stage import MODEL, ConsoleChild, Stage, json_of

CLAIM = "A killed console loses nothing that was shown and asks nothing again"
KILLS = 4
ANSWERS_AT_ONCE = 4
QUESTION = "[[tokens=400 rate=150]] What holds an arch up?"
SHOWN_AT_KILL_CHARS = (1, 3000)


async def prove_kills(stage: Stage, kills: int = KILLS) -> Evidence:
    """Kill a console in the middle of several answers, again and again; compare what was shown with what is stored."""
    screens: list[Screen] = []
    wrong: list[str] = []
    slowest_s = 0.0
    already_paid = len(await stage.provider.paid_calls())
    async with stage.console("kills") as console:
        for _ in range(kills):
            fresh = await _killed_in_midstream(console)
            slowest_s = max(slowest_s, await console.start())
            said = [call["text"] for call in await stage.provider.paid_calls()]
            wrong += await _differences(console, fresh, said)
            screens += fresh
        await console.stop()
    calls = len(await stage.provider.paid_calls()) - already_paid
    if calls != len(screens):
        wrong.append(f"{len(screens)} questions became {calls} paid calls")
    broken = sum(1 for screen in screens if screen.status is None)
    if broken < kills:
        wrong.append("the kills hit too few answers in the middle to show anything")
    shown = sum(len(screen.text) for screen in screens)
    measured = (
        f"{kills} kills (SIGKILL) cut {broken} of {len(screens)} answers; {shown:,} characters were on screen, "
        f"all found again; {calls} paid calls for {len(screens)} questions; ready again within {slowest_s:.1f} s"
    )
    return Evidence(CLAIM, "; ".join(wrong) or measured, not wrong)


async def _killed_in_midstream(console: ConsoleChild) -> list[Screen]:
    """Some answers at once, and a kill when so many characters of them, by chance, were shown."""
    enough = asyncio.Event()
    wanted_chars = random.randint(*SHOWN_AT_KILL_CHARS)  # noqa: S311  # when to kill is no secret

    def shown() -> None:
        if all(screen.generation_id for screen in screens) and sum(len(one.text) for one in screens) >= wanted_chars:
            enough.set()

    screens = [Screen(shown) for _ in range(ANSWERS_AT_ONCE)]
    async with console.client() as http, asyncio.TaskGroup() as readers:
        reading = [readers.create_task(screen.ask(http, content=QUESTION, model=MODEL)) for screen in screens]
        killing = readers.create_task(_kill_when(enough, console))
        await asyncio.wait(reading)
        # The answers may have ended, or failed, before there was enough of them.
        enough.set()
        await killing
    return screens


async def _kill_when(enough: asyncio.Event, console: ConsoleChild) -> None:
    await enough.wait()
    await console.kill()


async def _differences(console: ConsoleChild, screens: Sequence[Screen], said: Sequence[str]) -> list[str]:
    """What is not stored as it was shown, or as the provider said it, or still runs."""
    wrong = []
    async with console.client() as http:
        for screen in screens:
            if not screen.generation_id:
                wrong.append(f"an answer never began (HTTP {screen.refusal})")
                continue
            reply = await http.get(f"/api/messages/{screen.message_id}")
            if reply.status_code == 404:
                wrong.append(f"answer {screen.message_id} is gone")
                continue
            message = json_of(reply)
            again = Screen()
            again.generation_id = screen.generation_id
            await again.read_again(http)
            if not (message["content"].startswith(screen.text) and again.text == message["content"]):
                wrong.append(f"answer {screen.message_id} is stored otherwise than it was shown")
            if not any(text.startswith(message["content"]) for text in said):
                wrong.append(f"answer {screen.message_id} holds what the provider never said")
            if message["status"] != (screen.status or "interrupted"):
                wrong.append(f"answer {screen.message_id} is {message['status']}")
    return wrong
