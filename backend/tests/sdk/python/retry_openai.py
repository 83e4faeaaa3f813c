"""One question with the official ``openai`` package as it comes, retries included; writes the status of its failure."""

from __future__ import annotations

import sys

from openai import APIStatusError, OpenAI
from target import BASE_URL, KEY, MODEL, user

client = OpenAI(base_url=BASE_URL, api_key=KEY, timeout=30)
try:
    client.chat.completions.create(model=MODEL, messages=user("Hello"), max_tokens=20)
except APIStatusError as error:
    sys.stdout.write(f"{error.status_code}\n")
