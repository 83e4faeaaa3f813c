"""What no request may hold, by the kind of the field it stands in."""

from __future__ import annotations

DEEP = 100_000

# JSON texts that no field of the kind accepts; strings refuse also what no store keeps.
ODD: dict[str, tuple[str, ...]] = {
    "number": (
        str(2**63),
        str(-(2**63) - 1),
        "9" * 400,
        "1e400",
        "NaN",
        "-Infinity",
        '"x"',
        '"5"',
        "true",
        '"\\u0000"',
        "[]",
        "{}",
    ),
    "string": ("5", "true", "NaN", "[]", "{}", '"a\\u0000b"', '"\\ud800"', '"\\udfff\\ud800"', f'"{"x" * 1_000_001}"'),
    "boolean": ('"maybe"', '"true"', "0", "1", "2", "NaN", "[]", "{}"),
    "array": ("5", '"x"', "{}", "NaN", "[[]]", '["\\u0000"]', '["\\ud800"]', "[" + ",".join(["1"] * 1000) + "]"),
    "object": ("5", '"x"', "[]", "NaN", '{"no_such_field": 1}'),
}
ODD_TEXTS = {
    "number": (str(2**63), "9" * 400, "nan", "inf", "1e400", "x", "%00", "%F0%9F%92%A5", "0x10", "%D9%A3"),
    "string": ("a%00b", "x" * 5000),
    "boolean": ("maybe", "2", "%00"),
    "array": ("a%00b", "x" * 5000),
}
# OpenRouter ignores filters that it does not know.
IGNORING = {"/v1/models", "/v1/models/count", "/v1/models/user", "/v1/embeddings/models", "/v1/images/models"}
BODIES = {
    "empty": b"",
    "null": b"null",
    "number": b"5",
    "list": b"[]",
    "text": b'"x"',
    "cut": b'{"a": ',
    "trailing": b"{} {}",
    "NaN": b"NaN",
    "invalid UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": "{}".encode("utf-16"),
    "UTF-32": "{}".encode("utf-32"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "deep lists": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP,
    "deep and closed": b"[" * DEEP + b"]" * DEEP,
    "unknown field": b'{"no_such_field": 1}',
    "huge integer": b'{"a": ' + b"9" * 10_000 + b"}",
}
PATH_IDS = (
    *("nope", "%00", "a%00b", "%FF", "%ED%A0%80", "%F0%9F%92%A5", "..%2F..%2Fetc", "'%20or%20'1'='1", "%0A", "~", "*"),
    *("x" * 129, "x" * 5000, "0", "-1", str(2**63), "9" * 400, "1.5", "NaN", "%D9%A3", "1e3", "%7B%7D"),
)
