"""One process owns a data folder, says why when it cannot start, and ends with everything stored."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient, ConsoleProcess, ServerProcess, Transcript, reading, soon, stuck

pytestmark = pytest.mark.faults

STANDING_STILL = "[[tokens=40; stall after=20]] hello"
"""An answer of 40 tokens that stands still after 20 until the emulator lets it go on."""
# Generous, for a busy machine; what must not happen is waiting for an answer that stands still.
AT_ONCE_S = 20.0


@contextlib.contextmanager
def taken_port(port: int = 0) -> Iterator[int]:
    """A loopback port that nobody else can bind; taken by somebody else is as good."""
    with socket.socket() as holder:
        try:
            holder.bind(("127.0.0.1", port))
        except OSError:
            yield port
        else:
            yield holder.getsockname()[1]


async def refusal(console: ConsoleProcess) -> str:
    """Why a console does not start; it ends at once with status 1, and the reason is the last thing it says."""
    async with console:
        await console.launch()
        assert await console.wait(AT_ONCE_S) == 1
    said, told, reason = console.errors().partition("llm-console: ")
    assert told
    assert "Traceback" not in said
    return reason


async def read_until_still(client: ConsoleClient, emulator: Emulator, generation_id: str) -> Transcript:
    """The one answer under way, read to where it stands still: everything the emulator has sent so far."""
    await soon(emulator.until(lambda e: e.stalled == 1))
    (row,) = emulator.ledger.rows
    async with reading(client.events(generation_id)) as reader:
        return await reader.until(lambda transcript: transcript.text == row.text)


async def test_a_second_process_on_the_same_data_is_refused_and_the_first_goes_on(
    data: Path, emulator: Emulator
) -> None:
    """It ends at once and names who has the folder; the first then answers as before."""
    async with ConsoleProcess(data, upstream=emulator.base_url) as first:
        await first.start()
        second = ConsoleProcess(data, upstream=emulator.base_url)
        second.log = data.with_name("second.log")
        reason = await refusal(second)
        assert str(data) in reason
        assert first.url in reason
        assert str(first.pid) in reason
        async with first.client() as client:
            assert (await client.answer("[[tokens=5]] still there?")).status == "completed"


async def test_the_next_process_takes_over_at_once_from_a_killed_one(data: Path, emulator: Emulator) -> None:
    """The lock goes with its owner; what the owner published is withdrawn and the text it had shown is there."""
    async with (
        ConsoleProcess(data, upstream=emulator.base_url) as first,
        ConsoleProcess(data, upstream=emulator.base_url) as second,
    ):
        await first.start()
        async with first.client() as client:
            started = await client.start(STANDING_STILL)
            transcript = await read_until_still(client, emulator, started["generation"]["id"])
        assert await first.kill() == -signal.SIGKILL
        await second.start()
        endpoint = json.loads((data / "endpoint.json").read_text())
        assert endpoint == {"url": f"{second.url}/", "pid": second.pid}
        async with second.client() as client:
            message = await client.message(started["assistant_message"]["id"])
        assert message["status"] == "interrupted"
        assert message["content"] == transcript.text


async def test_ctrl_c_ends_running_answers_for_their_readers_and_keeps_their_text(
    data: Path, emulator: Emulator
) -> None:
    """Readers get what was left, `error interrupted` and `done`; the process ends with 0; the next one has it all."""
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            ids = [(await client.start(f"{STANDING_STILL} {n}"))["generation"]["id"] for n in range(4)]
            await soon(emulator.until(lambda e: e.stalled == 4))
            async with contextlib.AsyncExitStack() as stack:
                readers = [await stack.enter_async_context(reading(client.events(one))) for one in ids]
                tab = await stack.enter_async_context(client.stream("/api/events"))
                for reader in readers:
                    await reader.until(lambda transcript: len(transcript.text.split()) == 20)
                process.signal(signal.SIGINT)
                transcripts = [await reader.ended() for reader in readers]
                told = [frame.event async for frame in tab]
                assert told[0] == "hello"
        assert await process.wait(AT_ONCE_S) == 0
        assert "Traceback" not in process.errors()
        for transcript in transcripts:
            assert transcript.events[-2:] == ["error", "done"]
            assert transcript.data_of("error")["error_code"] == "interrupted"
            assert transcript.status == "interrupted"

        await process.start()
        async with process.client() as client:
            for transcript in transcripts:
                assert await client.follow(transcript.generation_id) == transcript
                message = await client.message(transcript.data_of("done")["message_id"])
                assert message["content"] == transcript.text
                assert message["error"]["error_code"] == "interrupted"
        assert await process.interrupt() == 0


async def test_ctrl_c_does_not_wait_for_a_client_that_never_reads(data: Path, emulator: Emulator) -> None:
    """A stuck connection gets a short grace, no more."""
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            started = await client.start("[[text=x; huge_frame mb=8 kind=text]] hello")
            await client.follow(started["generation"]["id"])
        async with stuck(process.url, f"/api/generations/{started['generation']['id']}/events"):
            assert await process.interrupt() == 0


async def test_a_busy_default_port_gives_way_and_says_so(data: Path) -> None:
    """Nobody asked for 8000, so the next free one will do."""
    with taken_port(8000):
        async with ConsoleProcess(data, arguments=()) as process:
            await process.start()
            port = int(process.url.rpartition(":")[2])
            assert 8000 < port <= 8020
            assert f"Port 8000 is in use, taking {port}." in process.errors()
            assert await process.interrupt() == 0


async def test_of_two_that_take_the_same_default_port_at_once_one_moves_on(tmp_path: Path) -> None:
    """Whoever comes second notices before it is ready."""
    folders = [tmp_path / name for name in ("one", "two", "three")]
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(taken_port(8000))
        consoles = [await stack.enter_async_context(ConsoleProcess(data, arguments=())) for data in folders]
        for console in consoles:
            await console.launch()
        for console in consoles:
            console.link = await console.line(r"^Ready: (\S+)$")
        assert len({console.url for console in consoles}) == len(consoles)
        for console in consoles:
            assert await console.interrupt() == 0


@pytest.mark.parametrize("way", ["flag", "CONSOLE_PORT", "PORT"])
async def test_a_busy_port_that_was_named_is_refused(data: Path, way: str) -> None:
    """Whoever names a port wants that one."""
    with taken_port() as port:
        arguments = ("--port", str(port)) if way == "flag" else ()
        variables = {} if way == "flag" else {way: str(port)}
        reason = await refusal(ConsoleProcess(data, arguments=arguments, variables=variables))
    assert f"Port {port} of 127.0.0.1 is in use" in reason


async def test_a_bind_beyond_loopback_that_nobody_protected_is_refused(data: Path) -> None:
    """The reason names what would allow it."""
    reason = await refusal(ConsoleProcess(data, arguments=("--port", "0", "--host", "0.0.0.0")))  # noqa: S104
    assert "CONSOLE_AUTH=token" in reason


async def test_a_bind_beyond_loopback_with_a_token_answers_only_to_it(data: Path) -> None:
    """The link carries the token; without it nothing is told."""
    process = ConsoleProcess(
        data,
        arguments=("--port", "0", "--host", "0.0.0.0"),  # noqa: S104
        variables={"CONSOLE_AUTH": "token"},
    )
    async with process:
        await process.start()
        assert process.token
        async with process.client() as client, ConsoleClient(process.url) as stranger:
            assert await client.get("/api/sessions") == {"items": [], "next_cursor": None}
            assert (await stranger.ask("GET", "/api/sessions")).status_code == 401
        assert await process.interrupt() == 0


async def test_a_setting_that_is_none_is_refused_with_its_name(data: Path) -> None:
    """A typing error in the environment is told before anything is opened."""
    reason = await refusal(ConsoleProcess(data, variables={"CONSOLE_AUTH": "of course"}))
    assert "CONSOLE_AUTH" in reason
    assert not data.exists()


async def test_sigterm_ends_it_as_ctrl_c_does(data: Path, emulator: Emulator) -> None:
    """In mid-answer too: the end is stored, and the status says so."""
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            started = await client.start(STANDING_STILL)
            await read_until_still(client, emulator, started["generation"]["id"])
        assert await process.terminate() == 0
        assert "llm-console: " not in process.errors()


async def test_a_start_that_cannot_tell_where_it_listens_is_told_in_a_line(data: Path) -> None:
    """No command would find it. The next start, once there is room, is as ever."""
    blocked = data / "endpoint.json.partial"
    blocked.mkdir(parents=True)
    reason = await refusal(ConsoleProcess(data))
    assert "endpoint.json.partial" in reason
    assert len(reason.splitlines()) == 1
    blocked.rmdir()
    async with ConsoleProcess(data) as process:
        await process.start()
        assert await process.interrupt() == 0


async def test_a_second_console_on_the_same_database_is_refused(tmp_path: Path, emulator: Emulator) -> None:
    """From another data folder too: the answer that the first one gives is not touched."""
    variables = {"CONSOLE_DB_PATH": str(tmp_path / "shared.db")}
    async with ConsoleProcess(tmp_path / "one", upstream=emulator.base_url, variables=variables) as first:
        await first.start()
        async with first.client() as client:
            started = await client.start(STANDING_STILL)
            reason = await refusal(ConsoleProcess(tmp_path / "two", variables=variables))
            assert "in use by the console of another data folder" in reason
            assert (await client.generation(started["generation"]["id"]))["status"] in ("queued", "running")
        assert await first.interrupt() == 0


async def test_plain_uvicorn_serves_and_sigterm_leaves_a_consistent_store(data: Path, emulator: Emulator) -> None:
    """The application alone, as an ASGI server runs it: stopped in mid-answer, it keeps the text."""
    process = ServerProcess(
        ["-m", "uvicorn", "app.main:app", "--port", "0", "--no-access-log"],
        variables={
            "CONSOLE_DATA": str(data),
            "CONSOLE_OPENROUTER_BASE_URL": emulator.base_url,
            "CONSOLE_OPENROUTER_API_KEY": "a-key",
        },
    )
    async with process:
        await process.launch()
        url = await process.line(r"Uvicorn running on (http://\S+)")
        async with ConsoleClient(url) as client:
            started = await client.start(STANDING_STILL)
            transcript = await read_until_still(client, emulator, started["generation"]["id"])
        assert await process.terminate() == -signal.SIGTERM

    async with ConsoleProcess(data, upstream=emulator.base_url) as console:
        await console.start()
        async with console.client() as client:
            after = await client.follow(transcript.generation_id)
            message = await client.message(started["assistant_message"]["id"])
        assert await console.interrupt() == 0
    assert after.frames[: len(transcript.frames)] == transcript.frames
    assert after.status == message["status"] == "interrupted"
    assert after.text == message["content"] == transcript.text
    assert "interrupted generations recovered" not in console.errors()
