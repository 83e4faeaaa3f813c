"""Writes sessions as every command of ``llm-console`` does, through the running console: ``... DATA COUNT``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from app.cli.client import console


async def main(data: Path, count: int) -> None:
    async with console(data) as http:
        for number in range(count):
            await http.post("/api/sessions", json={"title": f"by command: {number}"})


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
