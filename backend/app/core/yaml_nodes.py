"""YAML as plain values that know their lines; JSON is read by it too when a line is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import yaml  # type: ignore[import-untyped]


class YamlError(ValueError):
    """Text that is no YAML as we take it; ``line`` counts from 1."""

    def __init__(self, reason: str, line: int) -> None:
        self.line = line
        super().__init__(reason)


class Document:
    """One parsed document.

    Raises YamlError for bad syntax, a name that stands twice, a tag and an alias: what is written is what is meant,
    and nothing grows while it is read.
    """

    def __init__(self, text: str) -> None:
        try:
            loader = _Loader(text)
            try:
                self._root = loader.get_single_node()
                self._refuse_duplicates(self._root)
                self.value: Any = None if self._root is None else loader.construct_document(self._root)
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise YamlError(error.problem or "is no YAML", mark.line + 1 if mark else 1) from None
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise YamlError("holds a character that YAML does not take", line) from None
        except ValueError as error:
            if isinstance(error, YamlError):
                raise
            raise YamlError("holds a number that is too long", 1) from None

    def line(self, path: Sequence[str | int]) -> int:
        """The line of a value, or of the nearest one around it."""
        node, line = self._root, 1
        for step in path:
            if isinstance(node, yaml.MappingNode):
                found = next((pair for pair in node.value if pair[0].value == str(step)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
        return line

    def _refuse_duplicates(self, node: Any) -> None:
        if isinstance(node, yaml.SequenceNode):
            for child in node.value:
                self._refuse_duplicates(child)
        elif isinstance(node, yaml.MappingNode):
            seen: set[Any] = set()
            for key, child in node.value:
                name = key.value if isinstance(key, yaml.ScalarNode) else id(key)
                if name in seen:
                    raise YamlError(f"the name {name!r} stands twice", key.start_mark.line + 1)
                seen.add(name)
                self._refuse_duplicates(child)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Dates stay text: nothing here is one, and an impossible one would be an error without a line."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) not in (None, "!"):
            raise yaml.composer.ComposerError(None, None, "aliases and tags are not taken", event.start_mark)
        return super().compose_node(parent, index)
