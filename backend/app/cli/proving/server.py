"""The console that a proof kills: its settings come by argument alone, so that nothing of the user's own counts.

usage: python -m app.cli.proving.server JSON    the fields of ``Settings``
"""

from __future__ import annotations

import json
import sys

from app.cli.server import run_server


def main(settings: str) -> int:
    """Serve until a signal; the environment files are left unread."""
    return run_server({"_env_file": None, **json.loads(settings)}, open_browser=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
