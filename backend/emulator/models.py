"""The catalogue's rows: real ids and price shapes, odd ones included."""

from __future__ import annotations

from .catalogue import Catalogue, Model, Reasoning
from .providers import (
    ANTHROPIC,
    AZURE,
    BEDROCK,
    CHUTES,
    DEEPINFRA,
    DEEPSEEK,
    GROQ,
    MISTRAL,
    NOVITA,
    OPENAI,
    STUDIO,
    TOGETHER,
    VERTEX,
    XAI,
    dearer,
)

_SAMPLING = ("temperature", "top_p", "max_tokens", "stop", "seed", "frequency_penalty", "presence_penalty")
_TOOLS = ("tools", "tool_choice")
_JSON = ("response_format", "structured_outputs")
_THINKS = ("reasoning", "include_reasoning")
_OPEN = (*_SAMPLING, "top_k", "min_p", "repetition_penalty", "logit_bias")
_PARALLEL = ("parallel_tool_calls", "max_completion_tokens")
_GPT = (
    *_SAMPLING, *_TOOLS, *_JSON, *_PARALLEL, "logit_bias", "logprobs", "top_logprobs", "web_search_options",
    "prediction",
)  # fmt: skip
_GPT_REASONING = ("max_tokens", "seed", *_TOOLS, *_JSON, *_THINKS, *_PARALLEL, "reasoning_effort", "verbosity")
_CLAUDE = ("temperature", "top_p", "top_k", "max_tokens", "stop", *_TOOLS)
_ALL_SEE = ("text", "image", "file")
_GPT_EFFORTS = ("high", "medium", "low", "minimal")

_NO_DEFAULTS = {"temperature": None, "top_p": None, "frequency_penalty": None}

MODELS = (
    Model(
        "openrouter/auto", "openrouter/auto", "Auto Router", 1699401600,
        "Your prompt will be processed by a meta-model and routed to one of dozens of models...",
        2_000_000, {"prompt": "-1", "completion": "-1"}, "Router", (*_GPT, *_THINKS), (OPENAI,),
        default_parameters=None, input_modalities=("text", "image"), routes_to="openai/gpt-4o-mini",
    ),
    Model(
        "openai/gpt-4o-mini", "openai/gpt-4o-mini-2024-07-18", "OpenAI: GPT-4o-mini", 1721260800,
        "GPT-4o mini accepts text and images and answers quickly at a low price...", 128_000,
        {
            "prompt": "0.00000015", "completion": "0.0000006", "request": "0", "image": "0.000217",
            "web_search": "0", "internal_reasoning": "0", "input_cache_read": "0.000000075",
        },
        "GPT", _GPT, (OPENAI, AZURE), 16_384, input_modalities=_ALL_SEE, is_moderated=True,
        default_parameters=_NO_DEFAULTS, knowledge_cutoff="2023-10-31",
    ),
    Model(
        "openai/gpt-4o", "openai/gpt-4o-2024-08-06", "OpenAI: GPT-4o", 1715558400,
        "GPT-4o takes text and images...", 128_000,
        {"prompt": "0.0000025", "completion": "0.00001", "input_cache_read": "0.00000125"},
        "GPT", _GPT, (OPENAI, AZURE), 16_384, input_modalities=_ALL_SEE, is_moderated=True,
    ),
    Model(
        "openai/gpt-5", "openai/gpt-5-2025-08-07", "OpenAI: GPT-5", 1754587413,
        "GPT-5 reasons before it answers...", 400_000,
        {"prompt": "0.00000125", "completion": "0.00001", "input_cache_read": "0.000000125", "web_search": "0.01"},
        "GPT", _GPT_REASONING, (OPENAI, AZURE), 128_000, input_modalities=_ALL_SEE, is_moderated=True,
        reasoning=Reasoning(mandatory=True, efforts=_GPT_EFFORTS), knowledge_cutoff="2024-09-30",
    ),
    Model(
        "openai/gpt-5-mini", "openai/gpt-5-mini-2025-08-07", "OpenAI: GPT-5 Mini", 1754587407,
        "The smaller sibling of GPT-5...", 400_000,
        {"prompt": "0.00000025", "completion": "0.000002", "input_cache_read": "0.000000025"},
        "GPT", _GPT_REASONING, (OPENAI,), 128_000, input_modalities=_ALL_SEE, is_moderated=True,
        reasoning=Reasoning(efforts=_GPT_EFFORTS),
    ),
    Model(
        "openai/o1-preview", "openai/o1-preview-2024-09-12", "OpenAI: o1-preview", 1726099200,
        "An early reasoning model...", 128_000, {"prompt": "0.000015", "completion": "0.00006"},
        "GPT", ("max_tokens", "seed"), (OPENAI,), 32_768, is_moderated=True, default_parameters=None,
        reasoning=Reasoning(mandatory=True),
    ),
    Model(
        "openai/o1-mini", "openai/o1-mini-2024-09-12", "OpenAI: o1-mini", 1726099201,
        "A small early reasoning model...", 128_000, {"prompt": "0.0000011", "completion": "0.0000044"},
        "GPT", ("max_tokens", "seed"), (OPENAI,), 65_536, is_moderated=True, default_parameters=None,
        reasoning=Reasoning(mandatory=True),
    ),
    Model(
        "openai/o3-mini", "openai/o3-mini-2025-01-31", "OpenAI: o3 Mini", 1738351721,
        "A reasoning model for science, mathematics and code...", 200_000,
        {"prompt": "0.0000011", "completion": "0.0000044", "input_cache_read": "0.00000055"},
        "GPT", _GPT_REASONING, (OPENAI,), 100_000, is_moderated=True,
        reasoning=Reasoning(mandatory=True, efforts=("high", "medium", "low")),
    ),
    Model(
        "openai/o3", "openai/o3-2025-04-16", "OpenAI: o3", 1744823457,
        "A well-rounded reasoning model...", 200_000,
        {"prompt": "0.000002", "completion": "0.000008", "input_cache_read": "0.0000005"},
        "GPT", _GPT_REASONING, (OPENAI,), 100_000, input_modalities=_ALL_SEE, is_moderated=True,
        reasoning=Reasoning(mandatory=True, efforts=("high", "medium", "low")),
    ),
    Model(
        "openai/gpt-audio", "openai/gpt-audio", "OpenAI: GPT Audio", 1755233061,
        "A model that hears and speaks...", 128_000,
        {"prompt": "0.0000025", "completion": "0.00001", "audio": "0.00004", "audio_output": "0.00008"},
        "GPT", (*_SAMPLING, *_TOOLS, *_JSON, "logprobs", "top_logprobs"), (OPENAI,), 16_384,
        input_modalities=("text", "audio"), output_modalities=("text", "audio"), is_moderated=True,
        voices=("alloy", "ash", "coral", "echo", "sage", "shimmer"),
    ),
    Model(
        "openai/text-embedding-3-small", "openai/text-embedding-3-small", "OpenAI: Text Embedding 3 Small",
        1761862866, "A small model for embeddings...", 8192, {"prompt": "0.00000002", "completion": "0"}, "GPT", (),
        (OPENAI, AZURE), output_modalities=("embeddings",), dimensions=1536,
    ),
    Model(
        "openai/text-embedding-3-large", "openai/text-embedding-3-large", "OpenAI: Text Embedding 3 Large",
        1761862866, "A large model for embeddings...", 8192, {"prompt": "0.00000013", "completion": "0"}, "GPT", (),
        (OPENAI, AZURE), output_modalities=("embeddings",), dimensions=3072,
    ),
    Model(
        "qwen/qwen3-embedding-8b", "qwen/qwen3-embedding-8b", "Qwen: Qwen3 Embedding 8B", 1761680622,
        "Embeddings for many languages and code...", 32_000, {"prompt": "0.00000001", "completion": "0"}, "Qwen3", (),
        (DEEPINFRA,), output_modalities=("embeddings",), hugging_face_id="Qwen/Qwen3-Embedding-8B", dimensions=4096,
    ),
    Model(
        "anthropic/claude-sonnet-4.5", "anthropic/claude-4.5-sonnet-20250929", "Anthropic: Claude Sonnet 4.5",
        1759161676, "Claude Sonnet 4.5 is made for agents and code...", 1_000_000,
        {
            "prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003",
            "input_cache_write": "0.00000375", "input_cache_write_1h": "0.000006",
            "overrides": [{
                "min_prompt_tokens": 200_000, "prompt": "0.000006", "completion": "0.0000225",
                "input_cache_read": "0.0000006", "input_cache_write": "0.0000075",
            }],
        },
        "Claude", (*_CLAUDE, *_JSON, *_THINKS, "verbosity"), (ANTHROPIC, BEDROCK), 64_000,
        input_modalities=_ALL_SEE, default_parameters={"temperature": 1, "top_p": 1},
        reasoning=Reasoning(default_enabled=False, supports_max_tokens=True),
    ),
    Model(
        "anthropic/claude-haiku-4.5", "anthropic/claude-4.5-haiku-20251001", "Anthropic: Claude Haiku 4.5",
        1760547638, "Claude Haiku 4.5 is the fast one of its family...", 200_000,
        {
            "prompt": "0.000001", "completion": "0.000005", "input_cache_read": "0.0000001",
            "input_cache_write": "0.00000125",
        },
        "Claude", (*_CLAUDE, *_JSON, *_THINKS), (ANTHROPIC, BEDROCK), 64_000, input_modalities=("text", "image"),
        reasoning=Reasoning(default_enabled=False, supports_max_tokens=True),
    ),
    Model(
        "anthropic/claude-3.5-sonnet", "anthropic/claude-3.5-sonnet", "Anthropic: Claude 3.5 Sonnet", 1729555200,
        "Claude 3.5 Sonnet...", 200_000, {"prompt": "0.000006", "completion": "0.00003"},
        "Claude", _CLAUDE, (BEDROCK,), 8192, input_modalities=("text", "image"),
    ),
    Model(
        "anthropic/claude-3-opus", "anthropic/claude-3-opus", "Anthropic: Claude 3 Opus", 1709596800,
        "Claude 3 Opus...", 200_000,
        {"prompt": "0.000015", "completion": "0.000075", "image": "0.024", "input_cache_read": "0.0000015"},
        "Claude", _CLAUDE, (ANTHROPIC,), 4096, input_modalities=("text", "image"),
    ),
    Model(
        "google/gemini-2.5-pro", "google/gemini-2.5-pro", "Google: Gemini 2.5 Pro", 1750169544,
        "Gemini 2.5 Pro thinks about hard problems...", 1_048_576,
        {
            "prompt": "0.00000125", "completion": "0.00001", "image": "0.00516", "input_cache_read": "0.000000125",
            "overrides": [{"min_prompt_tokens": 200_000, "prompt": "0.0000025", "completion": "0.000015"}],
        },
        "Gemini", (*_SAMPLING, *_TOOLS, *_JSON, *_THINKS), (VERTEX, STUDIO), 65_536,
        input_modalities=("text", "image", "file", "audio", "video"), default_parameters=_NO_DEFAULTS,
        reasoning=Reasoning(mandatory=True, supports_max_tokens=True),
    ),
    Model(
        "google/gemini-3-pro-preview", "google/gemini-3-pro-preview-20251117", "Google: Gemini 3 Pro Preview",
        1763474668, "Gemini 3 Pro reasons over text, images, audio and video...", 1_048_576,
        {"prompt": "0.000002", "completion": "0.000012", "input_cache_read": "0.0000002"},
        "Gemini", (*_SAMPLING, *_TOOLS, *_JSON, *_THINKS), (STUDIO, VERTEX), 65_536,
        input_modalities=("text", "image", "file", "audio", "video"), signs_tool_calls=True,
        reasoning=Reasoning(mandatory=True, efforts=("high", "low")),
    ),
    Model(
        "google/gemini-2.5-flash", "google/gemini-2.5-flash", "Google: Gemini 2.5 Flash", 1750172488,
        "Gemini 2.5 Flash is quick and can think...", 1_048_576,
        {"prompt": "0.0000003", "completion": "0.0000025", "image": "0.001238", "input_cache_read": "0.00000003"},
        "Gemini", (*_SAMPLING, *_TOOLS, *_JSON, *_THINKS), (STUDIO, VERTEX), 65_535,
        input_modalities=("text", "image", "file", "audio", "video"),
        reasoning=Reasoning(default_enabled=False, supports_max_tokens=True),
    ),
    Model(
        "google/gemini-2.5-flash-image", "google/gemini-2.5-flash-image", "Google: Gemini 2.5 Flash Image",
        1759870431, "Gemini 2.5 Flash Image draws and edits pictures...", 32_768,
        {"prompt": "0.0000003", "completion": "0.0000025", "image": "0.001238", "image_output": "0.00003"},
        "Gemini", (*_SAMPLING, "response_format"), (VERTEX, STUDIO), 32_768,
        input_modalities=("text", "image"), output_modalities=("image", "text"),
    ),
    Model(
        "deepseek/deepseek-r1", "deepseek/deepseek-r1", "DeepSeek: R1", 1737381095,
        "DeepSeek R1 shows its reasoning openly...", 163_840, {"prompt": "0.0000007", "completion": "0.0000025"},
        "DeepSeek", (*_OPEN, *_THINKS), (NOVITA, DEEPSEEK), 16_000, 64_000, instruct_type="deepseek-r1",
        hugging_face_id="deepseek-ai/DeepSeek-R1", reasoning=Reasoning(mandatory=True),
    ),
    Model(
        "deepseek/deepseek-r1:free", "deepseek/deepseek-r1", "DeepSeek: R1 (free)", 1737381095,
        "DeepSeek R1 shows its reasoning openly...", 163_840, {"prompt": "0", "completion": "0"},
        "DeepSeek", (*_OPEN, *_THINKS), (CHUTES,), None, instruct_type="deepseek-r1",
        hugging_face_id="deepseek-ai/DeepSeek-R1", default_parameters=None, reasoning=Reasoning(mandatory=True),
    ),
    Model(
        "deepseek/deepseek-r1-distill-llama-70b", "deepseek/deepseek-r1-distill-llama-70b",
        "DeepSeek: R1 Distill Llama 70B", 1737663169, "A distilled reasoning model...", 131_072,
        {"prompt": "0.00000003", "completion": "0.00000013"}, "Llama3", (*_OPEN, *_THINKS),
        (DEEPINFRA, dearer(GROQ, "2")), 131_072, instruct_type="deepseek-r1", hugging_face_id="",
        reasoning=Reasoning(mandatory=True),
    ),
    Model(
        "qwen/qwen3-next-80b-a3b-thinking", "qwen/qwen3-next-80b-a3b-thinking-2509",
        "Qwen: Qwen3 Next 80B A3B Thinking", 1757612284, "Qwen3 Next thinks in long chains...", 262_144,
        {"prompt": "0.00000015", "completion": "0.0000012"}, "Qwen3", (*_OPEN, *_TOOLS, *_JSON, *_THINKS),
        (NOVITA, dearer(TOGETHER, "1.25")), 262_144, hugging_face_id="Qwen/Qwen3-Next-80B-A3B-Thinking",
        reasoning=Reasoning(supports_max_tokens=True),
    ),
    Model(
        "qwen/qwq-32b-preview", "qwen/qwq-32b-preview", "Qwen: QwQ 32B Preview", 1732754541,
        "QwQ is an experiment in reasoning...", 32_768, {"prompt": "0.0000002", "completion": "0.0000002"},
        "Qwen", (*_OPEN, *_THINKS), (TOGETHER,), None, 16_384, instruct_type="deepseek-r1",
        reasoning=Reasoning(),
    ),
    Model(
        "x-ai/grok-4", "x-ai/grok-4-07-09", "xAI: Grok 4", 1752087689, "Grok 4 reasons with tools...", 256_000,
        {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.00000075"},
        "Grok", (*_SAMPLING, *_TOOLS, *_JSON, *_THINKS, "logprobs", "top_logprobs"), (XAI,), None,
        input_modalities=("text", "image"), reasoning=Reasoning(mandatory=True),
    ),
    Model(
        "meta-llama/llama-3.3-70b-instruct", "meta-llama/llama-3.3-70b-instruct",
        "Meta: Llama 3.3 70B Instruct", 1733506137, "Llama 3.3 for dialogue in many languages...", 131_072,
        {"prompt": "0.00000010", "completion": "3.2e-7"}, "Llama3", (*_OPEN, *_TOOLS, *_JSON),
        (DEEPINFRA, dearer(GROQ, "1.75"), dearer(TOGETHER, "2.5")), 16_384, instruct_type="llama3",
    ),
    Model(
        "meta-llama/llama-3.3-70b-instruct:free", "meta-llama/llama-3.3-70b-instruct",
        "Meta: Llama 3.3 70B Instruct (free)", 1733506137, "Llama 3.3 for dialogue in many languages...", 65_536,
        {"prompt": "0", "completion": "0"}, "Llama3", _OPEN, (TOGETHER,), None, instruct_type="llama3",
        default_parameters=None,
    ),
    Model(
        "mistralai/mistral-small-3.2-24b-instruct", "mistralai/mistral-small-3.2-24b-instruct-2506",
        "Mistral: Mistral Small 3.2 24B", 1750443016, "Follows instructions, repeats itself less...", 131_072,
        {"prompt": "0.00000006", "completion": "0.00000018"}, "Mistral", (*_OPEN, *_TOOLS, *_JSON),
        (MISTRAL, DEEPINFRA), 16_384, input_modalities=("text", "image"), default_parameters={"temperature": 0.3},
    ),
    Model(
        "moonshotai/kimi-k2", "moonshotai/kimi-k2", "MoonshotAI: Kimi K2", 1752263252,
        "Kimi K2 is a large mixture of experts...", 131_072, {"prompt": "0.0000005", "completion": "0.0000024"},
        "Other", (*_OPEN, *_TOOLS, *_JSON), (NOVITA, dearer(TOGETHER, "1.5")), None, 63_000,
    ),
    Model(
        "z-ai/glm-4.6", "z-ai/glm-4.6", "Z.AI: GLM 4.6", 1759235576, "GLM 4.6 writes and reasons...", 202_752,
        {"prompt": "0.0000004", "completion": "0.00000175", "input_cache_read": "0.00000011"}, "Other",
        (*_OPEN, *_TOOLS, *_THINKS), (NOVITA,), 202_752, default_parameters={"temperature": 0.6},
        reasoning=Reasoning(),
    ),
)  # fmt: skip

CATALOGUE = Catalogue(MODELS)
