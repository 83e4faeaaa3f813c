"""The bytes that the fake upstream sends: shaped and sized as OpenRouter's, made once per answer."""

from __future__ import annotations

import json

from benchmarks import stamp

MODEL = "bench/model"
COST_USD = 0.000123

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

MODELS = {
    "data": [
        {
            "id": MODEL,
            "canonical_slug": MODEL,
            "name": "Bench",
            "created": 1767225600,
            "description": "",
            "context_length": 1_000_000,
            "architecture": {
                "modality": "text->text",
                "input_modalities": ["text"],
                "output_modalities": ["text"],
            },
            "pricing": {"prompt": "0.000001", "completion": "0.000002"},
            "top_provider": {
                "context_length": 1_000_000,
                "max_completion_tokens": 100_000,
                "is_moderated": False,
            },
            "supported_parameters": ["max_tokens", "temperature"],
        }
    ]
}

_STAMP = b"#%015d"
_CHOICE = (
    b'"choices":[{"index":0,"delta":{"role":"assistant","content":"%s"},"finish_reason":%s,"native_finish_reason":%s}]'
)


def json_response(status: bytes, body: object) -> bytes:
    """A whole reply with a JSON body; ``status`` is its code and reason."""
    data = json.dumps(body).encode()
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(data)) + data


def token_template(answer_id: bytes) -> bytes:
    """One event of 283 bytes in an HTTP chunk of its own, a ``%``-template for the stamp's number."""
    event = _event(_json(answer_id, _CHOICE % (_STAMP, b"null", b"null")))
    growth = stamp.WIDTH_BYTES - len(_STAMP)
    return b"%x\r\n%s\r\n" % (len(event) + growth, event)


def ending(answer_id: bytes, events: int) -> bytes:
    """The finish chunk, the usage chunk with the cost, the end mark, and the end of the reply."""
    usage = b'"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":%d,"total_tokens":%d,"cost":%f}'
    finish = _json(answer_id, _CHOICE % (b"", b'"stop"', b'"stop"'))
    paid = _json(answer_id, usage % (events, events + 10, COST_USD))
    return b"".join(_chunk(_event(body)) for body in (finish, paid, b"[DONE]")) + _chunk(b"")


def _json(answer_id: bytes, rest: bytes) -> bytes:
    head = b'{"id":"%s","object":"chat.completion.chunk","created":1767225600,' % answer_id
    return b'%s"model":"bench/model","provider":"Bench Inference Ltd",%s}' % (head, rest)


def _event(body: bytes) -> bytes:
    return b"data: %s\n\n" % body


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
