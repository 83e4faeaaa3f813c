"""Parts in and out through the wire: what is attached reaches the provider, what it sends back is kept."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from app.schemas.media import AUDIO_FORMATS
from emulator import Emulator
from tests.harness import ConsoleClient

Json = dict[str, Any]
GEMINI = "google/gemini-2.5-flash"


def data_url(mime: str, data: bytes = b"\0") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


PNG = data_url("image/png", b"\x89PNG\r\n\x1a\nrest")
PDF = data_url("application/pdf", b"%PDF-1.7 rest")
WAV = data_url("audio/wav")
MP4 = data_url("video/mp4")

ATTACHED: dict[str, tuple[Json, Json, Json]] = {
    "image, data": (
        {"type": "image", "url": PNG, "name": "x.png"},
        {"type": "image", "url": PNG, "name": "x.png", "mime": "image/png"},
        {"type": "image_url", "image_url": {"url": PNG}},
    ),
    "image, link": (
        {"type": "image", "url": "https://a.example/x.jpg?y=1"},
        {"type": "image", "url": "https://a.example/x.jpg?y=1", "name": None, "mime": None},
        {"type": "image_url", "image_url": {"url": "https://a.example/x.jpg?y=1"}},
    ),
    "file, data": (
        {"type": "file", "url": PDF, "name": "x.pdf", "mime": "application/pdf"},
        {"type": "file", "url": PDF, "name": "x.pdf", "mime": "application/pdf"},
        {"type": "file", "file": {"filename": "x.pdf", "file_data": PDF}},
    ),
    "file, link": (
        {"type": "file", "url": "https://a.example/x.pdf"},
        {"type": "file", "url": "https://a.example/x.pdf", "name": None, "mime": None},
        {"type": "file", "file": {"file_data": "https://a.example/x.pdf"}},
    ),
    "audio": (
        {"type": "audio", "url": WAV},
        {"type": "audio", "url": WAV, "name": None, "mime": "audio/wav"},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
    ),
    "video": (
        {"type": "video", "url": MP4},
        {"type": "video", "url": MP4, "name": None, "mime": "video/mp4"},
        {"type": "video_url", "video_url": {"url": MP4}},
    ),
}


@pytest.mark.parametrize("name", ATTACHED)
async def test_what_is_attached_is_stored_and_sent(client: ConsoleClient, emulator: Emulator, name: str) -> None:
    """Beside the text, in order, in the API's shape; again in the next turn."""
    given, stored, sent = ATTACHED[name]
    transcript = await client.answer(None, model=GEMINI, parts=[{"text": "Look:"}, given])
    start = transcript.data_of("start")
    message = await client.message(start["user_message_id"])
    assert (message["content"], message["parts"]) == ("Look:", [{"type": "text", "text": "Look:"}, stored])
    assert emulator.requests[-1].body["messages"][0]["content"] == [{"type": "text", "text": "Look:"}, sent]
    await client.answer("And?", model=GEMINI, session_id=start["session_id"])
    assert emulator.requests[-1].body["messages"][0]["content"][1] == sent


async def test_a_picture_alone_is_a_question(client: ConsoleClient, emulator: Emulator) -> None:
    """Posted by hand, answered by GET."""
    session = await client.create_session()
    part = {"type": "image", "url": PNG}
    await client.post("/api/messages", {"session_id": session["id"], "parts": [part]})
    async with client.stream("/api/stream", session_id=session["id"], model=GEMINI) as stream:
        frames = [frame async for frame in stream]
    assert frames[-1].data["status"] == "completed"
    assert emulator.requests[-1].body["messages"][0]["content"] == [{"type": "image_url", "image_url": {"url": PNG}}]


REFUSED: dict[str, tuple[Json, str]] = {
    "http": ({"type": "image", "url": "http://a.example/x.png"}, "https"),
    "file scheme": ({"type": "image", "url": "file:///etc/passwd"}, "https"),
    "script": ({"type": "image", "url": "javascript:alert(1)"}, "https"),
    "no host": ({"type": "image", "url": "https:///x.png"}, "https"),
    "no url at all": ({"type": "image", "url": "https://[::"}, "https"),
    "a password": ({"type": "image", "url": "https://me:secret@a.example/x.png"}, "password"),
    "a space": ({"type": "image", "url": "https://a.example/ x.png"}, "spaces"),
    "beyond ASCII": ({"type": "image", "url": "https://a.example/ü.png"}, "ASCII"),
    "a long link": ({"type": "image", "url": "https://a.example/" + "x" * 5000}, "4096"),
    "no base64 mark": ({"type": "image", "url": "data:image/png,AA"}, "base64"),
    "bad base64": ({"type": "image", "url": "data:image/png;base64,***"}, "base64"),
    "no data": ({"type": "image", "url": "data:image/png;base64,"}, "empty"),
    "another type": ({"type": "image", "url": data_url("image/svg+xml", b"<svg/>")}, "image must be"),
    "other bytes": ({"type": "image", "url": data_url("image/png", b"GIF89a")}, "not image/png"),
    "two types": ({"type": "image", "url": PNG, "mime": "image/jpeg"}, "image/jpeg"),
    "a wrong type of a link": ({"type": "video", "url": "https://a.example/x", "mime": "text/html"}, "video must be"),
    "linked sound": ({"type": "audio", "url": "https://a.example/x.wav"}, "data URL"),
    "sound of another type": ({"type": "audio", "url": data_url("audio/midi")}, "audio must be"),
    "not a PDF": ({"type": "file", "url": data_url("application/pdf", b"MZ")}, "not application/pdf"),
    "a document": ({"type": "file", "document_id": "d1"}, "documents cannot be attached"),
    "another kind": ({"type": "hologram", "url": PNG}, "tag"),
    "an unknown field": ({"type": "image", "url": PNG, "detail": "high"}, "Extra inputs"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_says_why(client: ConsoleClient, emulator: Emulator, name: str) -> None:
    """422, nothing stored, nothing sent; no secret of the address comes back."""
    part, reason = REFUSED[name]
    reply = await client.ask("POST", "/api/generations", json={"parts": [part]})
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")
    assert reason in reply.text
    assert "secret" not in reply.text
    assert await client.every("/api/sessions") == []


async def test_all_sounds_have_the_api_s_names(client: ConsoleClient, emulator: Emulator) -> None:
    """Whatever a browser calls them."""
    for mime, form in AUDIO_FORMATS.items():
        await client.answer(None, model=GEMINI, parts=[{"type": "audio", "url": data_url(mime)}])
        sent = emulator.requests[-1].body["messages"][0]["content"]
        assert sent == [{"type": "input_audio", "input_audio": {"data": "AA==", "format": form}}]


async def test_a_photo_of_ten_megabytes_can_be_attached(client: ConsoleClient, emulator: Emulator) -> None:
    """The routes that take messages read larger bodies than the others."""
    part = {"type": "image", "url": data_url("image/jpeg", b"\xff\xd8\xff" + bytes(10 * 2**20))}
    transcript = await client.answer(None, model=GEMINI, parts=[part])
    assert transcript.status == "completed"
    assert emulator.requests[-1].body["messages"][0]["content"][0]["image_url"]["url"] == part["url"]


async def test_a_picture_that_was_drawn_is_kept_and_can_be_edited(client: ConsoleClient, emulator: Emulator) -> None:
    """It is a part of the answer after a reload, and goes back to a model that sees."""
    await client.post("/api/models/sync")
    model = "google/gemini-2.5-flash-image"
    transcript = await client.answer("A cat", model=model, modalities=["image", "text"])
    start = transcript.data_of("start")
    message = await client.message(start["assistant_message_id"])
    (picture,) = [part for part in message["parts"] if part["type"] == "image"]
    assert (picture["mime"], picture["url"][:22]) == ("image/png", "data:image/png;base64,")
    streamed = [image for frame in transcript.frames for image in frame.data.get("images", ())]
    assert streamed == [picture]
    await client.answer("Make it black", model=model, session_id=start["session_id"])
    sent = emulator.requests[-1].body["messages"][1]
    assert sent["images"] == [{"type": "image_url", "image_url": {"url": picture["url"]}}]


async def test_citations_are_there_after_a_reload(client: ConsoleClient) -> None:
    """As they were streamed, in their order, behind the text."""
    transcript = await client.answer("What is new?", web_search=True)
    streamed = [frame.data for frame in transcript.frames if frame.event == "annotation"]
    message = await client.message(transcript.data_of("start")["assistant_message_id"])
    assert streamed != []
    assert [part["annotation"] for part in message["parts"] if part["type"] == "annotation"] == streamed
    assert [part["type"] for part in message["parts"]][:2] == ["text", "annotation"]
    assert message["content"] == transcript.text


async def test_a_file_is_parsed_and_paid_for_once(client: ConsoleClient, emulator: Emulator) -> None:
    """What the provider read of it goes back with the answer, so the next turn reads nothing again."""
    part = {"type": "file", "url": PDF, "name": "x.pdf"}
    first = await client.answer(None, parts=[{"text": "Sum up"}, part])
    parsed = [frame.data for frame in first.frames if frame.event == "annotation"]
    assert [annotation["type"] for annotation in parsed] == ["file"]
    again = await client.answer("And the end?", session_id=first.data_of("start")["session_id"])
    assert emulator.requests[-1].body["messages"][1]["annotations"] == parsed
    assert [frame for frame in again.frames if frame.event == "annotation"] == []
