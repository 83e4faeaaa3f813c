"""``llm-console prove``: the promises, put to the test on this machine."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from time import monotonic
from typing import TYPE_CHECKING

import typer

from app.cli.options import JsonOption

if TYPE_CHECKING:
    from app.cli.proving.evidence import Evidence
    from app.cli.proving.stage import Stage

EXIT_BROKEN = 1
EXIT_INTERRUPTED = 130

Proof = Callable[["Stage"], Awaitable["Evidence"]]


def prove(as_json: JsonOption = False) -> None:
    """Kill, restore, race and knock at a console of its own, and print what held.

    Everything happens on a throw-away data folder and a built-in stand-in for the provider: nothing of yours is read or
    changed, and nothing is paid. Takes up to a minute; the exit status is 1 when a promise did not hold.
    """
    from app.cli.proving.budget import prove_budget
    from app.cli.proving.kills import prove_kills
    from app.cli.proving.knocks import prove_gate
    from app.cli.proving.restoring import prove_restore

    try:
        found = asyncio.run(
            _prove(
                {
                    "kills in mid-answer": prove_kills,
                    "a restore under load": prove_restore,
                    "a race for a budget": prove_budget,
                    "knocks at the gate": prove_gate,
                }
            )
        )
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print(json.dumps({"ok": all(one.ok for one in found), "evidence": [asdict(one) for one in found]}, indent=2))
    else:
        _print_table(found)
    if not all(one.ok for one in found):
        raise typer.Exit(EXIT_BROKEN)


async def _prove(proofs: Mapping[str, Proof]) -> list[Evidence]:
    from app.cli.proving.stage import stage

    # Ended from outside it cleans up as after Ctrl-C.
    loop, itself = asyncio.get_running_loop(), asyncio.current_task()
    if itself is not None:
        loop.add_signal_handler(signal.SIGTERM, itself.cancel)
    found = []
    async with stage() as theatre:
        for number, (name, proof) in enumerate(proofs.items(), 1):
            print(f"{number} of {len(proofs)}: {name}", file=sys.stderr, flush=True)
            began_s = monotonic()
            evidence = await proof(theatre)
            found.append(replace(evidence, seconds=round(monotonic() - began_s, 1)))
    return found


def _print_table(found: list[Evidence]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_lines=True)
    for title in ("promise", "what was measured", "held", "took"):
        table.add_column(title, justify="right" if title == "took" else "left")
    for one in found:
        table.add_row(one.claim, one.measured, "yes" if one.ok else "NO", f"{one.seconds:.1f} s")
    Console(highlight=False, markup=False).print(table)
