"""One question under a key with the official ``openai`` package, retries included; writes a failure's status."""

from __future__ import annotations

import sys

from openai import APIStatusError, OpenAI
from target import BASE_URL, KEY, MODEL, user

client = OpenAI(base_url=BASE_URL, api_key=KEY, timeout=30)
try:
    client.chat.completions.create(
        model=MODEL, messages=user("Hello"), max_tokens=20, extra_headers={"Idempotency-Key": "one-question"}
    )
except APIStatusError as error:
    sys.stdout.write(f"{error.status_code}\n")
