"""What the built-in model says: a friendly, deterministic Markdown answer, or exactly what a scenario asks for."""

from __future__ import annotations

import hashlib
import random

from .tokens import split

QUOTE_CHARS = 90

_OPENINGS = (
    "Hello, and thank you for asking!",
    "Good question. Here is an answer without a key, without a network and without a bill.",
    "You are talking to the console's built-in demo model.",
    "Everything works: your message went out and this answer is streaming back.",
    "Welcome! Let me show you what an answer looks like here.",
    "Nothing left this machine, and still there is an answer. Here is how that works.",
    "Greetings from your own machine.",
    "That arrived safely, and this is the reply, one token at a time.",
)
_EXPLANATIONS = (
    "I am a **demo model** that runs inside the console, so I cannot think about it the way a real model would.",
    "I am a stand-in: a small **demo model** inside the console that shows how answers arrive and are kept.",
    "No real model has read that. This is the **built-in demo**, made to show the console at work.",
)
_INVITATIONS = (
    "Add an OpenRouter key on the settings page, and a real model takes over from here.",
    "Put an OpenRouter key on the settings page whenever you like, and real models answer instead.",
    "With an OpenRouter key on the settings page the same chat talks to real models.",
)
_POINTS = (
    "Stop me in mid-sentence; what you have seen stays.",
    "Reload the page while I write; I go on where I was.",
    "Open a second tab: both show the same words.",
    "Pick another model: some of them think before they speak.",
    "Come back tomorrow: this conversation is still here.",
    "The tokens and the cost stand below each answer.",
)
_TABLES = (
    "| What | Here | With a key |\n|---|---|---|\n| Answers | made up | real |\n| Cost | play money | exact |",
    "| Try | See |\n|---|---|\n| another model | its price and pace |\n| a reasoning model | how it thinks first |",
    "| Part | Where it lives |\n|---|---|\n| your text | one SQLite file |\n| your key | on your machine |",
)
_CODE = (
    'def greet(name: str) -> str:\n    return f"Hello, {name}!"\n\n\nprint(greet("world"))',
    "from itertools import pairwise\n\nsteps = [1, 4, 9, 16]\nprint([b - a for a, b in pairwise(steps)])",
    'words = "the quick brown fox".split()\nprint(max(words, key=len))',
)
_THOUGHTS = (
    "The user asks something, and I should answer kindly. ",
    "First I look at what was asked and how long the answer should be. ",
    "A short list, a small table and a bit of code would show most of the screen. ",
    "I must not pretend to know more than a demo can. ",
    "It helps to quote the question, so that it is clear I received it. ",
    "Now I have a plan and can write it down. ",
)
_LEXICON = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "jolly", "kelp", "lemon",
    "maple", "north", "ocean", "pearl", "quiet", "river", "stone", "tidal", "umber", "vivid", "wheat", "zesty",
)  # fmt: skip
_EFFORT_THOUGHTS = {"minimal": 1, "low": 1, "medium": 3, "high": 5, "xhigh": 6, "max": 6}


def demo(question: str, seed: int = 0) -> str:
    """An answer of 150 to 250 tokens to a question; the same question and seed give the same answer."""
    draw = _draw("answer", question, seed)
    points = "\n".join(f"- {point}" for point in draw.sample(_POINTS, 3))
    return (
        f"{draw.choice(_OPENINGS)}\n\n"
        f"{_quoted(question)}{draw.choice(_EXPLANATIONS)} Some things worth trying:\n\n"
        f"{points}\n\n{draw.choice(_TABLES)}\n\n"
        f"Code is shown like this:\n\n```python\n{draw.choice(_CODE)}\n```\n\n"
        f"{draw.choice(_INVITATIONS)}"
    )


def thoughts(question: str, effort: str, seed: int = 0) -> str:
    """Reasoning whose length follows the effort asked for."""
    draw = _draw("thoughts", question, seed)
    count = _EFFORT_THOUGHTS.get(effort, 3)
    chosen = sorted(draw.sample(range(len(_THOUGHTS)), count))
    return "".join(_THOUGHTS[at] for at in chosen).strip()


def filler(tokens: int, question: str, seed: int = 0) -> list[str]:
    """Exactly so many tokens of plain words."""
    draw = _draw("filler", question, seed)
    words = draw.choices(_LEXICON, k=tokens)
    return [word if at == 0 else f" {word}" for at, word in enumerate(words)]


def after_prefill(answer: str, prefill: str) -> list[str]:
    """The tokens that continue an answer begun by the caller, so that both together read as one.

    When the beginning is this answer's own, exactly the rest comes; otherwise the answer follows as a new paragraph.
    """
    begun = prefill.rstrip()
    if answer.startswith(prefill):
        return split(answer[len(prefill) :])
    if answer.startswith(begun):
        return split(answer[len(begun) :].lstrip(" "))
    return split(f"\n\n{answer}")


def _quoted(question: str) -> str:
    words = " ".join(question.split())
    if not words:
        return ""
    excerpt = words if len(words) <= QUOTE_CHARS else f"{words[:QUOTE_CHARS].rstrip()}…"
    return f"You wrote:\n\n> {excerpt}\n\n"


def _draw(kind: str, question: str, seed: int) -> random.Random:
    digest = hashlib.sha256(f"{kind}/{seed}/{question}".encode()).digest()
    return random.Random(digest)  # noqa: S311 - picks words, guards nothing
