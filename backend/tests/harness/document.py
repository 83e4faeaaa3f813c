"""The OpenAPI document as it is published; a test of its own says that it is the app's."""

from __future__ import annotations

import json
from typing import Any

from tests.harness.environment import BACKEND

DOCUMENT: dict[str, Any] = json.loads((BACKEND / "docs" / "openapi.json").read_text(encoding="utf-8"))
