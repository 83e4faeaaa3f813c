"""The surprises on record (API reference, section 10): each of the rows has a test through the wire.

The tests are named by row: what streams do in ``test_surprises_stream``, replies and figures in
``test_surprises_replies``, reasoning and tools in ``test_surprises_tools``, refusals in ``test_surprises_refusals``.
Parts of them are tested again closer to the code: damaged and cut streams in ``services/upstream/test_streams``, when a
call is repeated in ``services/upstream/test_retry`` and ``test_retries``, memory in ``faults/test_hostile``.
"""

from __future__ import annotations

import re
from pathlib import Path

ROWS = range(1, 59)


def test_every_row_has_a_test() -> None:
    """And no test names a row that does not exist."""
    texts = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_surprises_*.py")]
    tested = {int(row) for text in texts for row in re.findall(r"^async def test_row_(\d\d)_\w+\(", text, re.MULTILINE)}
    assert tested == set(ROWS)
