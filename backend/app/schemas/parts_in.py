"""The parts of a message as clients send them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from app.schemas.media import MOST_DATA_CHARS, checked_url
from app.schemas.parts import AudioPart, FilePart, ImagePart, Part, TextPart, ToolResultPart, VideoPart
from app.schemas.types import MAX_CONTENT_CHARS, Content, JsonInput, Name, PlainText

MOST_PARTS = 128

ToolCallId = Annotated[PlainText, StringConstraints(min_length=1, max_length=512)]
Mime = Annotated[str, StringConstraints(max_length=127, pattern=r"^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+$")]
Url = Annotated[str, StringConstraints(min_length=1, max_length=MOST_DATA_CHARS)]
ResultText = Annotated[PlainText, StringConstraints(max_length=MAX_CONTENT_CHARS)]


class TextPartIn(JsonInput):
    type: Literal["text"] = "text"
    text: Content

    def stored(self) -> Part:
        return TextPart(text=self.text)


class ToolResultPartIn(JsonInput):
    """What a tool replied to the call of this id; it may be empty."""

    type: Literal["tool_result"]
    tool_call_id: ToolCallId
    content: ResultText

    def stored(self) -> Part:
        return ToolResultPart(tool_call_id=self.tool_call_id, content=self.content)


class _MediaIn(JsonInput):
    """``url`` is an https or a base64 data URL; a data URL names its own type."""

    url: Url
    name: Name | None = None
    mime: Mime | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_document(cls, data: Any) -> Any:
        if isinstance(data, dict) and "document_id" in data:
            raise ValueError("stored documents cannot be attached; send the file itself as a data URL in url")
        return data


class ImagePartIn(_MediaIn):
    """PNG, JPEG, WebP or GIF."""

    type: Literal["image"]

    @model_validator(mode="after")
    def _checked(self) -> Self:
        self.mime = checked_url("image", self.url, self.mime)
        return self

    def stored(self) -> Part:
        return ImagePart(url=self.url, name=self.name, mime=self.mime)


class FilePartIn(_MediaIn):
    """Any file that the model can read, such as a PDF."""

    type: Literal["file"]

    @model_validator(mode="after")
    def _checked(self) -> Self:
        self.mime = checked_url("file", self.url, self.mime)
        return self

    def stored(self) -> Part:
        return FilePart(url=self.url, name=self.name, mime=self.mime)


class AudioPartIn(_MediaIn):
    """Sound, by a data URL only."""

    type: Literal["audio"]

    @model_validator(mode="after")
    def _checked(self) -> Self:
        self.mime = checked_url("audio", self.url, self.mime)
        return self

    def stored(self) -> Part:
        return AudioPart(url=self.url, name=self.name, mime=self.mime)


class VideoPartIn(_MediaIn):
    type: Literal["video"]

    @model_validator(mode="after")
    def _checked(self) -> Self:
        self.mime = checked_url("video", self.url, self.mime)
        return self

    def stored(self) -> Part:
        return VideoPart(url=self.url, name=self.name, mime=self.mime)


def _kind(value: Any) -> Any:
    """A part without a type is text."""
    return value.get("type", "text") if isinstance(value, dict) else getattr(value, "type", None)


PartIn: TypeAlias = Annotated[
    Annotated[TextPartIn, Tag("text")]
    | Annotated[ToolResultPartIn, Tag("tool_result")]
    | Annotated[ImagePartIn, Tag("image")]
    | Annotated[FilePartIn, Tag("file")]
    | Annotated[AudioPartIn, Tag("audio")]
    | Annotated[VideoPartIn, Tag("video")],
    Discriminator(_kind),
]
PartsIn: TypeAlias = Annotated[list[PartIn], Field(min_length=1, max_length=MOST_PARTS)]
