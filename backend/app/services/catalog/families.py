"""Model families: the author's name in a slug, a label for people, and the names people call them by. Pure."""

from __future__ import annotations

from collections.abc import Mapping

LABELS: Mapping[str, str] = {
    "ai21": "AI21 (Jamba)",
    "amazon": "Amazon (Nova)",
    "anthropic": "Anthropic (Claude)",
    "cohere": "Cohere (Command)",
    "databricks": "Databricks",
    "deepseek": "DeepSeek",
    "google": "Google (Gemini)",
    "groq": "Groq",
    "ibm-granite": "IBM (Granite)",
    "meta-llama": "Meta (Llama)",
    "microsoft": "Microsoft (Phi)",
    "minimax": "MiniMax",
    "mistralai": "Mistral (Mixtral)",
    "moonshotai": "Moonshot (Kimi)",
    "nvidia": "NVIDIA (Nemotron)",
    "openai": "OpenAI (ChatGPT)",
    "openrouter": "OpenRouter (routers)",
    "perplexity": "Perplexity (Sonar)",
    "qwen": "Qwen (Alibaba)",
    "x-ai": "xAI (Grok)",
    "z-ai": "Z.AI (GLM)",
}
ALIASES: Mapping[str, str] = {
    "alibaba": "qwen",
    "chatgpt": "openai",
    "claude": "anthropic",
    "codestral": "mistralai",
    "command": "cohere",
    "gemini": "google",
    "gemma": "google",
    "glm": "z-ai",
    "gpt": "openai",
    "granite": "ibm-granite",
    "grok": "x-ai",
    "jamba": "ai21",
    "kimi": "moonshotai",
    "llama": "meta-llama",
    "llama3": "meta-llama",
    "meta": "meta-llama",
    "mistral": "mistralai",
    "mixtral": "mistralai",
    "moonshot": "moonshotai",
    "nemotron": "nvidia",
    "nova": "amazon",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "phi": "microsoft",
    "qwq": "qwen",
    "sonar": "perplexity",
    "vertex": "google",
    "xai": "x-ai",
}


def family_called(name: str) -> str:
    """The family that people mean by a name: ``claude`` is ``anthropic``; an unknown name is a family itself."""
    name = name.strip().lower().lstrip("~")
    return ALIASES.get(name, name)


def family_of(name: str, *, otherwise: str) -> str:
    """The family of a model by the name its server gives it.

    The author where the name has one; else the known family whose name it begins with (``llama3.2:3b``), else
    ``otherwise``.
    """
    author, slash, _ = name.rpartition("/")
    if slash:
        return family_called(author.rpartition("/")[2])
    bare = name.lower()
    known = [*ALIASES, *LABELS]
    begins = max((alias for alias in known if bare.startswith(alias)), key=len, default="")
    return family_called(begins) if begins else otherwise


def label_of(family: str) -> str:
    """What people read."""
    return LABELS.get(family) or family.replace("-", " ").replace("_", " ").title()
