"""The providers file: what it may say, and that every mistake is told with its line and without a key."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app.core.config_file import ConfigFileError
from app.services.providers.provider_file import AUTHORS, ProviderFile, find_provider_file, read_provider_file

SECRET = "very-secret-key-123"
ENVIRONMENT = {"LAB_KEY": SECRET, "LAB_HOST": "lab.example", "EMPTY": "", "XXX": "sk-or-v1-xxxxx", "SECONDS": "30"}
TOML = """\
default_provider = "lab"

[providers.lab]
label = "The lab"
base_url = "https://${LAB_HOST}/v1/"
api_key = "${LAB_KEY}"
default_model = "big"
timeout = "${SECONDS}"
max_retries = 0
parameters = { temperature = 0.5, top_p = 0.9 }

[providers.lab.models.big]
name = "Big one"
context_length = 32768
temperature = 1

[providers.lab.models."org/small:7b"]

[providers.local]
base_url = "http://127.0.0.1:11434/v1"
"""
YAML = """\
default_provider: lab
providers:
  lab:
    label: The lab
    base_url: https://${LAB_HOST}/v1/
    api_key: ${LAB_KEY}
    default_model: big
    timeout: ${SECONDS}
    max_retries: 0
    parameters: {temperature: 0.5, top_p: 0.9}
    models:
      big: {name: Big one, context_length: 32768, temperature: 1}
      "org/small:7b": {}
  local:
    base_url: http://127.0.0.1:11434/v1
"""


def read(tmp_path: Path, text: str, name: str = "providers.toml") -> ProviderFile:
    file = tmp_path / name
    file.write_text(text)
    return read_provider_file(file, ENVIRONMENT)


def as_json(tmp_path: Path) -> str:
    from app.core.config_file import read_config_file

    (tmp_path / "other.toml").write_text(TOML)
    return json.dumps(read_config_file(tmp_path / "other.toml").values, indent="\t")


@pytest.mark.parametrize("kind", ["toml", "json", "yaml", "yml"])
def test_the_three_kinds_say_the_same(tmp_path: Path, kind: str) -> None:
    text = {"toml": TOML, "json": as_json(tmp_path)}.get(kind, YAML)
    found = read(tmp_path, text, f"providers.{kind}")
    lab, local = found.others["lab"], found.others["local"]
    assert (found.default_provider, lab.label, lab.base_url) == ("lab", "The lab", "https://lab.example/v1")
    assert (lab.api_key, lab.timeout, lab.max_retries) == (SECRET, 30, 0)
    assert lab.defaults_of("big") == {"temperature": 1, "top_p": 0.9}
    assert lab.defaults_of("org/small:7b") == {"temperature": 0.5, "top_p": 0.9}
    assert (lab.models["big"].context_length, lab.models["big"].name) == (32768, "Big one")
    assert (lab.takes("big"), lab.takes("org/small:7b"), lab.takes("other"), lab.takes("")) == (
        True,
        True,
        False,
        False,
    )
    assert (local.takes("whatever"), local.takes("")) == (True, False)


def test_the_generator_files_of_other_programs_are_read(tmp_path: Path) -> None:
    """Their names for the same things, and an entry for OpenRouter that only holds models' parameters."""
    found = read(
        tmp_path,
        json.dumps(
            {
                "default_provider": "openrouter",
                "providers": {
                    "openrouter": {
                        "client_class": "OpenRouterClient",
                        "default_model": "openai/gpt-4o",
                        "supportsCustomModel": True,
                        "models": {
                            "openai/gpt-4o": {"temperature": 0.7, "top_p": 0.8},
                            "openai/o3": {"temperature": 1},
                        },
                    },
                    "dashscope": {
                        "client_class": "DashscopeClient",
                        "base_url": "https://dashscope.example/v1",
                        "supportsCustomModel": False,
                        "default_model": "qwen-plus",
                        "models": {"qwen-plus": {"temperature": 0.7}},
                    },
                },
            }
        ),
        "providers.json",
    )
    assert found.main.takes("anything/else")
    assert found.main.defaults_of("openai/gpt-4o") == {"temperature": 0.7, "top_p": 0.8}
    assert not found.others["dashscope"].takes("qwen-max")


def test_listed_models_of_openrouter_rule_out_others_only_when_that_is_said(tmp_path: Path) -> None:
    listed = '[providers.openrouter.models."a/b"]\ntemperature = 1\n'
    assert read(tmp_path, listed).main.takes("c/d")
    assert not read(tmp_path, "[providers.openrouter]\nsupports_custom_model = false\n" + listed).main.takes("c/d")
    assert read(tmp_path, "").main.takes("c/d")


SERVER = '[providers.x]\nbase_url = "http://127.0.0.1:1/v1"\n'
MISTAKES: list[tuple[str, int, str]] = [
    (SERVER + 'api_key = "${MISSING}"\n', 3, "providers.x.api_key: the environment variable MISSING is not set"),
    (SERVER + 'api_key = "${EMPTY}"\n', 3, "providers.x.api_key: the environment variable EMPTY is not set"),
    (SERVER + 'api_key = "${XXX}"\n', 3, "XXX holds a placeholder, not a key"),
    (SERVER + 'label = "a ${NO ONE}"\n', 3, "${NO ONE} is no variable's name"),
    (SERVER + 'label = "${}"\n', 3, "${} is no variable's name"),
    (SERVER + f'api_key = "{SECRET}"\n', 3, "has to be a reference such as ${NAME}"),
    (SERVER + f'api_key = "{SECRET}${{LAB_KEY}}"\n', 3, "has to be a reference such as ${NAME}"),
    (SERVER + "colour = 1\n", 3, "providers.x.colour: is not known here"),
    (SERVER + "[providers.x.models.m]\ntemprature = 1\n", 4, "providers.x.models.m.temprature: is not known here"),
    (SERVER + "[providers.x.models.m]\n\ntemperature = 3\n", 5, "temperature: Input should be less than or equal to 2"),
    (SERVER + "timeout = 0\n", 3, "providers.x.timeout: "),
    (SERVER + "timeout = nan\n", 3, "providers.x.timeout: "),
    (SERVER + "max_retries = 99\n", 3, "providers.x.max_retries: "),
    (SERVER + 'models = ["m"]\n', 3, "providers.x.models: "),
    (SERVER + 'models = { "a b" = {} }\n', 3, "is no model name"),
    (SERVER + 'client_class = "BedrockClient"\n', 3, "speaks a protocol of its own"),
    (SERVER + 'default_model = "m"\nmodels = { n = {} }\n', 3, "is none of its models"),
    (SERVER + "supports_custom_model = false\n", 3, "is false, and no models are listed"),
    (SERVER + "[x]\n", 3, "x: is not known here"),
    (SERVER + 'parameters = { preset = "mine" }\n', 3, "providers.x.parameters.preset: cannot be sent: "),
    (SERVER + "[providers.x.models.m]\n\nweb_search = true\n", 5, "providers.x.models.m.web_search: cannot be sent: "),
    (SERVER + "[providers.x.models.m]\nreasoning = { max_tokens = 9 }\n", 4, "takes no reasoning.max_tokens"),
    ('default_provider = "y"\n' + SERVER, 1, "default_provider: is none of the providers here"),
    ('default_provider = "x"\n' + SERVER, 2, "needs a default_model to be the default provider"),
    ("[providers.x]\n", 1, "providers.x: needs a base_url"),
    (
        '[providers.x]\nbase_url = "ftp://h/v1"\n',
        2,
        "providers.x.base_url: The base URL is not a plain http(s) address.",
    ),
    ('[providers.x]\nbase_url = "https://u:p@h/v1"\n', 2, "not a plain http(s) address"),
    ('[providers.x]\nbase_url = "http://h/v1"\napi_key = "${LAB_KEY}"\n', 2, "not sent to h over plain HTTP"),
    ('[providers.Bad]\nbase_url = "http://h"\n', 1, "is no name"),
    ('[providers."a/b"]\nbase_url = "http://h"\n', 1, "is no name"),
    ('[providers.demo]\nbase_url = "http://h"\n', 1, "is a name of the console's own"),
    ('[providers.openai]\nbase_url = "http://h"\n', 1, "is an author of models at OpenRouter"),
    ('[providers.openrouter]\nbase_url = "http://h"\n', 2, "belongs to the settings"),
    (SERVER + "[providers.x]\n", 3, "Cannot declare"),
    (SERVER + 'base_url = "y"\n', 3, "Cannot overwrite"),
    ("providers = 1\n", 1, "providers: "),
]


@pytest.mark.parametrize(("text", "line", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    """And never with a key."""
    with pytest.raises(ConfigFileError) as refused:
        read(tmp_path, text)
    told = str(refused.value)
    assert told.startswith(f"{tmp_path}/providers.toml:{line}: ")
    assert said in told
    assert SECRET not in told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Nobody corrects a file one start at a time."""
    with pytest.raises(ConfigFileError) as refused:
        read(tmp_path, '[providers.x]\nbase_url = "${A}"\napi_key = "${B}"\n[providers.y]\nlabel = "${C}"\n')
    assert [line.split(":")[1] for line in str(refused.value).split("\n")] == ["2", "3", "5"]


def test_a_wrong_type_does_not_show_the_value(tmp_path: Path) -> None:
    """It may have come from a variable that holds a key."""
    with pytest.raises(ConfigFileError) as refused:
        read(tmp_path, SERVER + 'timeout = "${LAB_KEY}"\n')
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("author", ["openai", "anthropic", "google", "meta-llama", "x-ai"])
def test_no_provider_takes_over_an_author_s_models(author: str) -> None:
    assert author in AUTHORS


def test_the_file_is_found_in_the_data_folder_or_where_it_is_said_to_be(tmp_path: Path) -> None:
    """Two are one too many: which one counts would be a guess."""
    data = tmp_path / "data"
    data.mkdir()
    assert find_provider_file(None, data) is None
    (data / "providers.yml").touch()
    assert find_provider_file(None, data) == data / "providers.yml"
    assert find_provider_file(Path("other.json"), data) == data / "other.json"
    assert find_provider_file(tmp_path / "else.toml", data) == tmp_path / "else.toml"
    (data / "providers.toml").touch()
    with pytest.raises(ConfigFileError, match=r"there is providers\.toml too"):
        find_provider_file(None, data)


def test_the_example_of_the_documents_is_a_file(tmp_path: Path) -> None:
    """Whoever copies it has only to set its variable."""
    text = (Path(__file__).parents[3] / "docs" / "providers.md").read_text()
    file = tmp_path / "providers.toml"
    file.write_text(text.partition("```toml\n")[2].partition("```")[0])
    found = read_provider_file(file, {"LAB_API_KEY": SECRET})
    assert found.default_provider == "ollama"
    assert found.others["lab"].defaults_of("qwen/qwen3-32b") == {"temperature": 1.0}
    assert found.main.defaults_of("openai/gpt-4o") == {"top_p": 0.9}
    with pytest.raises(ConfigFileError, match="LAB_API_KEY is not set"):
        read_provider_file(file, {})


@pytest.mark.parametrize(
    ("place", "prices", "reason"),
    [
        ("lab", "{ prompt = -1 }", "models.big.prices.prompt"),
        ("lab", "{ completion = 1 }", "models.big.prices.prompt"),
        ("lab", "{ prompt = 0.0000001 }", "models.big.prices.prompt"),
        ("lab", "{ prompt = nan }", "models.big.prices.prompt"),
        ("lab", "{ prompt = 1, request = 1 }", "models.big.prices.request"),
        ("openrouter", "{ prompt = 1 }", "OpenRouter's to tell"),
    ],
)
def test_prices_that_cannot_be_stated(tmp_path: Path, place: str, prices: str, reason: str) -> None:
    url = "" if place == "openrouter" else 'base_url = "https://lab.example/v1"'
    with pytest.raises(ConfigFileError, match=re.escape(reason)):
        read(tmp_path, f"[providers.{place}]\n{url}\n[providers.{place}.models.big]\nprices = {prices}\n")


def test_a_reference_may_stand_for_a_number_however_deep(tmp_path: Path) -> None:
    """In the parameters of a provider and in those of its models."""
    file = read(
        tmp_path,
        """\
[providers.lab]
base_url = "http://127.0.0.1:1/v1"
parameters = { max_tokens = "${SECONDS}", logit_bias = { "5" = "${SECONDS}" } }
[providers.openrouter.models."a/b"]
reasoning = { max_tokens = "${SECONDS}" }
provider = { max_price = { prompt = "${SECONDS}" }, preferred_min_throughput = { p50 = "${SECONDS}" } }
""",
    )
    assert file.providers["lab"].parameters.given() == {"max_tokens": 30, "logit_bias": {"5": 30.0}}
    given = file.providers["openrouter"].models["a/b"].given()
    assert given["reasoning"]["max_tokens"] == given["provider"]["max_price"]["prompt"] == 30
    assert given["provider"]["preferred_min_throughput"] == {"p50": 30.0}
