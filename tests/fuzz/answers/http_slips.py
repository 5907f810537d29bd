"""HTTP as a server sends it, and what else may come out of the same socket.

https://www.rfc-editor.org/rfc/rfc9112 is what these break.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.fuzz.answers.json_slips import slipped

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Http:
    """One answer. `framing` says how the length of the body is told; `before` goes out first, `after` behind it all."""

    status: int
    headers: Headers
    body: bytes
    line: bytes = b""
    framing: Headers | None = None
    wrapped: bytes | None = None
    before: bytes = b""
    after: bytes = b""

    def raw(self) -> bytes:
        """What goes out. To HEAD no body belongs: whoever asked so leaves it."""
        line = self.line or b"HTTP/1.1 %d Said" % self.status
        framing = ((b"Content-Length", b"%d" % len(self.body)),) if self.framing is None else self.framing
        head = b"".join(b"%s: %s\r\n" % header for header in (*self.headers, *framing))
        body = self.body if self.wrapped is None else self.wrapped
        return self.before + line + b"\r\n" + head + b"\r\n" + body + self.after


def with_slips(answer: Http, dice: Random) -> bytes:
    """What goes out instead of `answer`: something else within the JSON, around it, or both."""
    kind = dice.random()
    if kind < 0.6:
        answer = replace(answer, body=slipped(answer.body, dice))
    if kind > 0.5:
        answer = dice.choice(_SLIPS)(answer, dice)
    raw = answer.raw()
    return dice.choice(_RAW)(raw, dice) if kind > 0.92 else raw


_STATUSES = (
    *(200, 201, 202, 203, 204, 205, 206, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405),
    *(406, 407, 408, 409, 410, 411, 412, 413, 415, 416, 418, 422, 423, 425, 426, 428, 429, 431, 451, 500, 501, 502),
    *(503, 504, 505, 507, 508, 511, 520, 530, 599, 999),
)
_LINES = (
    b"HTTP/1.0 200 OK",
    b"HTTP/0.9 200 OK",
    b"HTTP/2 200",
    b"HTTP/1.1 200",
    b"HTTP/1.1  200  OK",
    b"HTTP/1.1 20 OK",
    b"HTTP/1.1 0 Zero",
    b"HTTP/1.1 -200 OK",
    b"HTTP/1.1 2147483648 OK",
    b"HTTP/1.1 abc OK",
    b"HTTP/1.1 \xb2\xb0\xb0 OK",
    b"HTTP/1.1",
    b"HTTP/1.1 200 \xff\xfe\x00",
    b"HTTP/1.1 200 " + b"x" * 70_000,
    b"ICY 200 OK",
    b"SSH-2.0-OpenSSH_9.2",
    b"\x16\x03\x01\x02\x00",
    b"",
    b"<html>",
)
_HEADERS = (
    b"Link",
    b"Content-Type",
    b"Content-Encoding",
    b"Docker-Content-Digest",
    b"WWW-Authenticate",
    b"Retry-After",
    b"Date",
    b"Location",
    b"ETag",
    b"X-Total-Count",
    b"X-RateLimit-Remaining",
    b"X-RateLimit-Reset",
    b"RateLimit-Reset",
    b"X-Next-Page",
    b"Set-Cookie",
    b"Connection",
    b"Transfer-Encoding",
    b"Trailer",
    b"Upgrade",
    b"Content-Range",
)
_VALUES = (
    b"",
    b" ",
    b"0",
    b"-1",
    b"-5",
    b"+5",
    b"nan",
    b"inf",
    b"1e999",
    b"1.5",
    b"9" * 400,
    b"9" * 5_000,
    "\N{FULLWIDTH DIGIT NINE}".encode(),
    b"\xb2\xb3",
    b"\xff\xfe\xfd",
    b"\x00",
    b"Thu, 01 Jan 99999 00:00:00 GMT",
    b"Thu, 32 Foo 2026 25:61:61 +9999",
    b"Mon, 01 Jan 0001 00:00:00 -2359",
    b"Sun, 06 Nov 1994 08:49:37 GMT",
    b"gzip",
    b"br, gzip",
    b"chunked",
    b"gzip, chunked",
    b"identity, identity",
    b"application/json; charset=\xff",
    b"application/json; charset=utf-7",
    b"application/json; charset=idna",
    b"application/json; charset=unicode_escape",
    b"application/json; charset=nothing",
    b"text/html",
    b"application/vnd.oci.image.index.v1+json",
    b"sha256:" + b"0" * 64,
    b"sha256:" + b"F" * 64,
    b"md5:0",
    b'</v2/acme/api/tags/list?n=1000&last=1.0.0>; rel="next"',
    b"</v2/acme/api/tags/list?n=2>; rel=Next",
    b'<?x=1>; rel="prev next"',
    b'<https://evil.test/v2/?n=1>; rel="next"',
    b'<>; rel="next"',
    b"<",
    b",<,<,<",
    b",<" * 4_000,
    b'<a>; rel="next' + b"\\" * 500,
    b'<http://[::1>; rel="next"',
    b"http://[",
    b"https://evil.test/",
    b"//",
    b"/\\evil.test",
    b"http://169.254.169.254/",
    b"http://HOST/v2/",
    b"\xe2\x80\xae",
    b'Bearer realm="http://HOST/token",service="s"',
    b'Bearer realm="http://HOST/token",realm="x"',
    b"Bearer",
    b"Bearer realm",
    b'Bearer realm="',
    b"Basic, Bearer, Digest x=y",
    b'Bearer realm="\xff", scope="' + b"a" * 3_000 + b'"',
    b"a," * 5_000,
    b"a=b; Domain=.com; Path=/",
    b"bytes 0-1/99999999999999999999",
    b"close",
    b"upgrade",
)
_LENGTHS = (b"0", b"1", b"-1", b"+5", b"0x10", b"5, 5", b"5, 6", b"\xb2", b" ", b"", b"1e3", b"9" * 30, b"9" * 5_000)
_CHUNKS = (
    b"-5",
    b"0x5",
    b"+5",
    b"5 ",
    b" 5",
    b"",
    b"g",
    b"f" * 16,
    b"f" * 5_000,
    b"5;" + b"x" * 70_000,
    b"\xb2",
    b"5_0",
)


def _another_status(answer: Http, dice: Random) -> Http:
    return replace(answer, status=dice.choice(_STATUSES))


def _another_line(answer: Http, dice: Random) -> Http:
    return replace(answer, line=dice.choice(_LINES))


def _another_header(answer: Http, dice: Random) -> Http:
    """One that is read somewhere, with a value that belongs to it or not; or one of those there."""
    name = dice.choice((*_HEADERS, *(name for name, _ in answer.headers)))
    rest = answer.headers
    if dice.random() < 0.7:
        rest = tuple(header for header in rest if header[0].lower() != name.lower())
    changed = replace(answer, headers=(*rest, (name, dice.choice(_VALUES))))
    return _another_status(changed, dice) if dice.random() < 0.5 else changed


def _no_header(answer: Http, dice: Random) -> Http:
    if not answer.headers:
        return answer
    gone = dice.choice(answer.headers)
    return replace(answer, headers=tuple(header for header in answer.headers if header != gone))


def _flood(answer: Http, dice: Random) -> Http:
    sizes = ((101, 10), (5_000, 4), (90, 2_000), (90, 65_500), (1, 65_530), (1, 70_000), (20, 60_000))
    count, size = dice.choice(sizes)
    name = dice.choice(_HEADERS)
    value = (dice.choice((b"a,", b",<", b"x", b"a=", b'"', b"\\")) * size)[:size]
    flood = tuple((name if dice.random() < 0.9 else b"X-%d" % number, value) for number in range(count))
    return replace(answer, headers=(*answer.headers, *flood))


def _odd_header_line(answer: Http, dice: Random) -> Http:
    odd = dice.choice(
        (b"no colon", b"\x00: x", b" : x", b"a b: c", b"X: a\r\n folded", b"X: a\n\tb", b": ", b"X:\rY", b"=?")
    )
    return replace(answer, line=b"HTTP/1.1 %d Said\r\n%s" % (answer.status, odd))


def _length(answer: Http, dice: Random) -> Http:
    value = dice.choice((*_LENGTHS, b"%d" % (len(answer.body) + dice.choice((-1, 1, 7)))))
    more = ((b"Content-Length", dice.choice(_LENGTHS)),) if dice.random() < 0.2 else ()
    return replace(answer, framing=((b"Content-Length", value), *more))


def _no_length(answer: Http, dice: Random) -> Http:
    return replace(answer, framing=())


def _chunked(answer: Http, dice: Random) -> Http:
    """In chunks, most of them right."""
    pieces, rest = [], answer.body
    while rest:
        size = dice.randint(1, max(len(rest) // 2, 1))
        told = b"%x" % size if dice.random() < 0.7 else dice.choice(_CHUNKS)
        pieces.append(told + b"\r\n" + rest[:size] + dice.choice((b"\r\n",) * 8 + (b"\n", b"")))
        rest = rest[size:]
    trailer = dice.choice((b"", b"", b"X: y\r\n", b"X: y\r\n" * 500, b"Content-Length: 5\r\n", b"x" * 70_000))
    end = dice.choice((b"0\r\n", b"0\r\n", b"0\r\n", b"00\r\n", b"-0\r\n", b"0;x\r\n", b"")) + trailer + b"\r\n"
    framing: Headers = ((b"Transfer-Encoding", dice.choice((b"chunked", b"chunked", b"Chunked", b"chunked, chunked"))),)
    if dice.random() < 0.2:
        framing = (*framing, (b"Content-Length", b"%d" % len(answer.body)))
    return replace(answer, framing=framing, wrapped=b"".join(pieces) + end)


def _encoded(answer: Http, dice: Random) -> Http:
    """Compressed although nobody asked for it, or said to be so; one in a few unpacks to a lot."""
    body = b" " * 2_000_000 if dice.random() < 0.1 else answer.body
    packed = dice.choice((gzip.compress(body, mtime=0), zlib.compress(body), body, gzip.compress(body, mtime=0)[:-9]))
    name = dice.choice((b"gzip", b"deflate", b"br", b"zstd", b"x-gzip", b"gzip, gzip", b"GZIP", b"\xff"))
    return replace(answer, body=packed, headers=(*answer.headers, (b"Content-Encoding", name)))


def _interim(answer: Http, dice: Random) -> Http:
    one = dice.choice(
        (
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 102 Processing\r\n\r\n",
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
            b"HTTP/1.1 199 X\r\n" + b"a: b\r\n" * 99 + b"\r\n",
            b"\r\n",
        )
    )
    return replace(answer, before=one * dice.choice((1, 1, 2, 300)))


def _more(answer: Http, dice: Random) -> Http:
    return replace(answer, after=dice.choice((b"x", answer.raw(), b"HTTP/1.1 200 OK\r\n\r\n", b"\x00" * 100_000)))


def _another_body(answer: Http, dice: Random) -> Http:
    bodies = (
        b"",
        b" ",
        b"null",
        b"[]",
        b"{}",
        b'""',
        b"0",
        b"<!DOCTYPE html><title>Sign in</title>",
        b"\xef\xbb\xbf" + answer.body,
        answer.body.decode(errors="replace").encode("utf-16"),
        b"\xff" + answer.body,
        answer.body + b"\n" + answer.body,
        b"[" * 100_000 + b"]" * 100_000,
        b"[" + b"0," * 100_000 + b"0]",
        b"{" + b",".join(b'"%d":0' % number for number in range(20_000)) + b"}",
    )
    return replace(answer, body=dice.choice(bodies))


def _huge(answer: Http, dice: Random) -> Http:
    """Megabytes of what is small as bytes and large in memory, within what was asked for; seldom, for its cost."""
    if dice.random() > 0.1:
        return _another_body(answer, dice)
    piece = dice.choice((b"[],", b"{},", b'"",', b"0,", b'{"a":[]},', b'"' + b"a" * 2_000 + b'",'))
    filler = piece * (dice.choice((3_000_000, 15_000_000)) // len(piece))
    value = b"[" + filler + b"0]"
    if answer.body.startswith(b"{"):
        name = dice.choice((b"x", b"tags", b"manifests", b"layers", b"token", b"errors"))
        return replace(answer, body=b'{"%s": %s, ' % (name, value) + answer.body[1:])
    return replace(answer, body=b"[" + filler + (answer.body[1:] if answer.body.startswith(b"[") else b"0]"))


_SLIPS: tuple[Callable[[Http, Random], Http], ...] = (
    _another_status,
    _another_status,
    _another_line,
    _another_header,
    _another_header,
    _another_header,
    _no_header,
    _flood,
    _odd_header_line,
    _length,
    _no_length,
    _chunked,
    _chunked,
    _encoded,
    _interim,
    _more,
    _huge,
    _another_body,
)


def _cut(raw: bytes, dice: Random) -> bytes:
    return raw[: dice.randrange(len(raw) + 1)]


def _flipped(raw: bytes, dice: Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(dice.choice((1, 2, 8))):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _inserted(raw: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(raw) + 1)
    return (
        raw[:at] + dice.choice((b"\r\n", b"\n", b"\x00", b"\r", b"\xff" * 9, b": ", b"\r\n\r\n", raw[:200])) + raw[at:]
    )


_RAW: tuple[Callable[[bytes, Random], bytes], ...] = (_cut, _flipped, _inserted)
