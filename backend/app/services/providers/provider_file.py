"""The providers file: OpenAI-compatible servers beside OpenRouter, as their owner wrote them down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, BaseModel, Field, StringConstraints, TypeAdapter, ValidationError

from app.core.config import OPENROUTER_URL, is_placeholder
from app.core.config_file import KINDS, ConfigFile, ConfigFileError, Place, read_config_file
from app.core.errors import ValidationFailed
from app.schemas.parameters import Parameters
from app.schemas.types import Name, Slug
from app.services.upstream.plain_body import plain_body
from app.services.upstream.request import layered
from app.services.upstream.target import unsafe

MAIN = "openrouter"
RESERVED = frozenset({"custom", "demo", "none"})
"""Names that mean something already."""

# The first part of a model's name at OpenRouter: a provider of that name would take those models over.
AUTHORS = frozenset({
    "agentica-org", "ai21", "aion-labs", "alibaba", "allenai", "amazon", "anthropic", "arcee-ai", "baidu", "bytedance",
    "bytedance-seed", "cohere", "deepcogito", "deepseek", "essentialai", "google", "ibm-granite", "inception",
    "inclusionai", "inflection", "kwaipilot", "liquid", "mancer", "meituan", "meta-llama", "microsoft", "minimax",
    "mistralai", "moonshotai", "morph", "neversleep", "nousresearch", "nvidia", "openai", "opengvlab", "perplexity",
    "prime-intellect", "qwen", "raifle", "relace", "sao10k", "stepfun-ai", "switchpoint", "tencent", "thedrummer",
    "tngtech", "undi95", "upstage", "writer", "x-ai", "xiaomi", "z-ai",
})  # fmt: skip

# What the generator files of other programs call an OpenAI-compatible client.
COMPATIBLE_CLIENTS = frozenset({"OpenAIClient", "OpenRouterClient", "OllamaClient", "DashscopeClient"})

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SLUG = TypeAdapter[str](Slug)
PerMillion = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False, decimal_places=6)]


def _compatible(client: str) -> str:
    if client not in COMPATIBLE_CLIENTS:
        raise ValueError(f"speaks a protocol of its own; known are {', '.join(sorted(COMPATIBLE_CLIENTS))}")
    return client


class FilePrices(BaseModel, extra="forbid"):
    """US dollars for a million tokens; 0 for what costs nothing."""

    prompt: PerMillion
    completion: PerMillion | None = None


class FileModel(Parameters):
    """One model of a provider: what applies to it where nobody says otherwise, and what its server does not tell."""

    name: Name | None = None
    context_length: Annotated[int | None, Field(ge=1, le=2**53)] = None
    max_output_tokens: Annotated[int | None, Field(ge=1, le=2**53)] = None
    prices: FilePrices | None = None


class FileProvider(BaseModel, extra="forbid"):
    """One server. A provider that lists models takes those alone, unless ``supports_custom_model`` says otherwise."""

    label: Name | None = None
    base_url: Annotated[str | None, AfterValidator(lambda url: url.rstrip("/"))] = None
    api_key: Annotated[str, Field(min_length=1)] | None = None
    default_model: Annotated[str, StringConstraints(min_length=1, max_length=160)] | None = None
    supports_custom_model: Annotated[
        bool | None, Field(validation_alias=AliasChoices("supports_custom_model", "supportsCustomModel"))
    ] = None
    timeout: Annotated[float | None, Field(gt=0, le=86400, allow_inf_nan=False)] = None
    max_retries: Annotated[int | None, Field(ge=0, le=10)] = None
    parameters: Parameters = Parameters()
    models: dict[str, FileModel] = {}
    client_class: Annotated[str, AfterValidator(_compatible)] | None = None

    @property
    def plain(self) -> bool:
        """Whether its server speaks OpenAI's API and nothing of what OpenRouter adds."""
        return self.base_url is not None and urlsplit(self.base_url).hostname != urlsplit(OPENROUTER_URL).hostname

    @property
    def takes_any_model(self) -> bool:
        """Whether models may be asked for that the file does not list."""
        return not self.models if self.supports_custom_model is None else self.supports_custom_model

    def takes(self, model: str) -> bool:
        """Whether a model may be asked for, by its name at the provider."""
        return bool(model) and (self.takes_any_model or model in self.models)

    def defaults_of(self, model: str) -> dict[str, Any]:
        """The parameters of one of its models where nobody says otherwise."""
        listed = self.models.get(model)
        given = self.parameters.given()
        return layered(given, listed.given() if listed else {}) if given or listed else {}


class ProviderFile(BaseModel, extra="forbid"):
    """The whole file. An entry ``openrouter`` adds models' defaults to the built-in provider."""

    default_provider: str | None = None
    providers: dict[str, FileProvider] = {}

    @property
    def main(self) -> FileProvider:
        """What is said of the built-in provider: it takes every model unless that is ruled out in so many words."""
        entry = self.providers.get(MAIN, FileProvider())
        return entry.model_copy(update={"supports_custom_model": entry.supports_custom_model is not False})

    @property
    def takes_unlisted(self) -> bool:
        """Whether the built-in provider is to be asked for models that it does not list."""
        return self.providers.get(MAIN, FileProvider()).supports_custom_model is True

    @property
    def others(self) -> dict[str, FileProvider]:
        """The servers beside it."""
        return {name: entry for name, entry in self.providers.items() if name != MAIN}


def find_provider_file(named: Path | None, data_dir: Path) -> Path | None:
    """The file to read: the named one, else ``providers.*`` in the data folder. Raises ConfigFileError for two."""
    if named is not None:
        return data_dir / named
    found = [path for kind in KINDS if (path := data_dir / f"providers{kind}").is_file()]
    if len(found) > 1:
        raise ConfigFileError(f"{found[1]}: there is {found[0].name} too; keep one of them")
    return found[0] if found else None


def read_provider_file(path: Path, environment: Mapping[str, str]) -> ProviderFile:
    """Read and check a providers file, its ``${NAME}`` replaced from the environment.

    Raises ConfigFileError, which tells every problem with its line and never a value.
    """
    file = read_config_file(path)
    problems = _literal_keys(file)
    values = _replaced(file, file.values, (), environment, problems)
    if problems:
        raise ConfigFileError("\n".join(problems))
    try:
        # What stands for a ``${NAME}`` is a text, numbers too, however deep.
        read = ProviderFile.model_validate(values, strict=False)
    except ValidationError as error:
        raise ConfigFileError("\n".join(_complaints(file, error))) from None
    problems = [file.problem(place, reason) for place, reason in _clashes(read)]
    if problems:
        raise ConfigFileError("\n".join(problems))
    return read


def _literal_keys(file: ConfigFile) -> list[str]:
    """Keys that are written down: the file may be shared or kept under version control."""
    providers = file.values.get("providers")
    entries = providers.items() if isinstance(providers, dict) else ()
    return [
        file.problem(("providers", name, "api_key"), "has to be a reference such as ${NAME}; keys are not kept here")
        for name, entry in entries
        if isinstance(entry, dict)
        and isinstance(key := entry.get("api_key"), str)
        and not _REFERENCE.fullmatch(key.strip())
    ]


def _replaced(
    file: ConfigFile, value: Any, place: tuple[str | int, ...], environment: Mapping[str, str], problems: list[str]
) -> Any:
    """A value with its references replaced; what is missing is added to ``problems``."""
    if isinstance(value, dict):
        return {name: _replaced(file, item, (*place, name), environment, problems) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(file, item, (*place, n), environment, problems) for n, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def look_up(reference: re.Match[str]) -> str:
        name = reference[1]
        found = environment.get(name, "").strip()
        if not _VARIABLE.fullmatch(name):
            problems.append(file.problem(place, f"${{{name}}} is no variable's name"))
        elif not found:
            problems.append(file.problem(place, f"the environment variable {name} is not set"))
        elif place[-1] == "api_key" and is_placeholder(found):
            problems.append(file.problem(place, f"the environment variable {name} holds a placeholder, not a key"))
        return found

    return _REFERENCE.sub(look_up, value)


def _complaints(file: ConfigFile, error: ValidationError) -> list[str]:
    """What the types do not take, without the values: one of them may be a key."""
    return [
        file.problem(
            tuple(step for step in problem["loc"] if step != "[key]"),
            "is not known here"
            if problem["type"] == "extra_forbidden"
            else problem["msg"].removeprefix("Value error, "),
        )
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def _clashes(read: ProviderFile) -> list[tuple[Place, str]]:
    """What is wrong with values that are right by themselves."""
    found: list[tuple[Place, str]] = []
    for name, provider in read.providers.items():
        place = ("providers", name)
        if name == MAIN:
            found += [
                ((*place, field), "belongs to the settings; this entry holds defaults of models only")
                for field in ("base_url", "api_key", "timeout", "max_retries", "label")
                if getattr(provider, field) is not None
            ]
            found += [
                ((*place, "models", model, "prices"), "are OpenRouter's to tell")
                for model, listed in provider.models.items()
                if listed.prices is not None
            ]
            continue
        if name in RESERVED:
            found.append((place, "is a name of the console's own; choose another"))
        elif name in AUTHORS:
            found.append((place, f"is an author of models at OpenRouter; choose another name, such as {name}-direct"))
        elif not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,31}", name):
            found.append((place, "is no name; take up to 32 of a-z, 0-9, '.', '_' and '-'"))
        if provider.base_url is None:
            found.append((place, "needs a base_url"))
        elif refusal := unsafe(provider.base_url, provider.api_key):
            found.append(((*place, "base_url"), str(refusal())))
        found += _wrong_models(name, provider)
        if provider.plain:
            found += _unsendable(name, provider)
    chosen = read.default_provider
    if chosen is not None and chosen not in {MAIN, *read.providers}:
        found.append((("default_provider",), "is none of the providers here"))
    elif chosen in read.others and read.others[chosen].default_model is None:
        found.append((("providers", chosen), "needs a default_model to be the default provider"))
    return found


def _unsendable(name: str, provider: FileProvider) -> list[tuple[Place, str]]:
    """Defaults that would refuse every call, because they are OpenRouter's alone."""
    place = ("providers", name)
    given: list[tuple[Place, Parameters]] = [((*place, "parameters"), provider.parameters)]
    given += [((*place, "models", model), listed) for model, listed in provider.models.items()]
    found: list[tuple[Place, str]] = []
    for where, parameters in given:
        for parameter, value in parameters.given().items():
            try:
                plain_body({parameter: value}, name)
            except ValidationFailed as refused:
                found.append(((*where, parameter), f"cannot be sent: {refused.message}"))
    return found


def _wrong_models(name: str, provider: FileProvider) -> list[tuple[Place, str]]:
    place = ("providers", name)
    found: list[tuple[Place, str]] = []
    for model in provider.models:
        try:
            _SLUG.validate_python(f"{name}/{model}")
        except ValidationError:
            found.append(((*place, "models", model), "is no model name"))
    if provider.default_model is not None and not provider.takes_any_model:
        if provider.default_model not in provider.models:
            found.append(((*place, "default_model"), "is none of its models, and supports_custom_model is not true"))
    elif not provider.models and not provider.takes_any_model:
        found.append(((*place, "supports_custom_model"), "is false, and no models are listed"))
    return found
