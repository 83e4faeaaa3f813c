"""LLM Console: a local-first console for large language models."""

__version__ = "0.1.0"
