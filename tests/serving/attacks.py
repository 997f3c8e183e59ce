"""What hostile, broken and careless clients send, and what each of them has to get.

Every request carries a planted name, number or query wherever it can, none of which may come back
or reach a log; an identifier comes back as the identifier of its own record and nowhere else.
"""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from serving.servers import Proxied

__all__ = ["ATTACKS", "PLANTED", "Attack", "body_of"]

PLANTED = ("MRN-123456", "Jane Doe", "98765.4321", "DROP TABLE", "<script", "furlong", "Zolgenjane")
NAME, NUMBER = "MRN-123456 Jane Doe", 98765.4321

Row = dict[str, str]
Rows = list[Row]
Make = Callable[[Proxied, Rows], bytes]
SYNTHETIC = {"data_kind": "synthetic"}
LIMIT = 10 * 2**20
GOOD, BAD = "answered", "unreadable"


@dataclass(frozen=True)
class Attack:
    """A request, the status that it gets, and those of its patients if that is 200."""

    name: str
    make: Make
    status: int
    patients: tuple[str, ...] = ()


def body_of(*rows: Any, params: Any = SYNTHETIC) -> bytes:
    """Write rows as MLflow's server takes them."""
    return json.dumps({"dataframe_records": list(rows), "params": params}).encode()


def episode(row: Row, **changes: Any) -> Row:
    return row | {"episode": json.dumps(json.loads(row["episode"]) | changes)}


def event(row: Row, **changes: Any) -> Row:
    first, *others = json.loads(row["events"])
    return row | {"events": json.dumps([first | changes, *others])}


def event_text(row: Row, cell: str) -> Row:
    """Put text that Python would not write where the first value stands."""
    first, *others = json.loads(row["events"])
    return row | {
        "events": json.dumps([first | {"value": "CELL"}, *others]).replace('"CELL"', cell)
    }


def more_events(row: Row, **changes: Any) -> Row:
    events = json.loads(row["events"])
    return row | {"events": json.dumps([*events, events[0] | changes])}


def cut_at(row: Row, until_h: float) -> Row:
    """Cut a patient off at an hour, as if the page had been asked for then."""
    own = {
        name: json.dumps([r for r in json.loads(row[name]) if r["available_h"] <= until_h])
        for name in ("events", "grades")
    }
    whole = json.loads(row["episode"])
    kept = {k: v for k, v in whole.items() if not k.endswith("_h") or v is None or v <= until_h}
    return own | {"episode": json.dumps(kept | {"followed_until_h": until_h})}


def patients(name: str, change: Callable[[Row], Any], status: str) -> Attack:
    """One patient, changed, beside one who is not."""
    return Attack(
        name,
        lambda to, good: to.request(body=body_of(change(good[0]), good[1])),
        200,
        (status, GOOD),
    )


def bodies(name: str, make: Callable[[Rows], bytes], status: int) -> Attack:
    return Attack(name, lambda to, good: to.request(body=make(good)), status)


def fixed(name: str, body: bytes, status: int) -> Attack:
    return Attack(name, lambda to, _: to.request(body=body), status)


def headers(name: str, changes: Mapping[str, str | None], status: int) -> Attack:
    told = (GOOD,) if status == 200 else ()
    return Attack(
        name,
        lambda to, good: to.request(body=body_of(good[0]), headers=dict(changes)),
        status,
        told,
    )


def lines(method: str, path: str, status: int) -> Attack:
    name = f"{method} {path}".encode("ascii", "backslashreplace").decode()
    return Attack(
        name[:60],
        lambda to, good: to.request(method, path.format(port=to.port), body=body_of(good[0])),
        status,
        (GOOD,) if status == 200 else (),
    )


def raw(name: str, make: Callable[[bytes], bytes], status: int) -> Attack:
    """A good request, its bytes changed."""
    return Attack(name, lambda to, good: make(to.request(body=body_of(good[0]))), status)


def chunked(request: bytes, framing: bytes) -> bytes:
    head, _, body = request.partition(b"\r\n\r\n")
    head_lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    head_lines.append(b"Transfer-Encoding: chunked")
    return b"\r\n".join([*head_lines, b"", b""]) + framing.replace(b"BODY", body).replace(
        b"SIZE", b"%x" % len(body)
    )


CELLS = [
    patients("words in a number", lambda r: event(r, value=NAME), BAD),
    patients("words in a time", lambda r: episode(r, followed_until_h=NAME), BAD),
    patients("true in a number", lambda r: event(r, value=True), BAD),
    patients("a number as text", lambda r: event(r, value="98765.4321"), BAD),
    patients("a list in a number", lambda r: event(r, value=[NAME]), BAD),
    patients("an object in a word", lambda r: event(r, analyte={NAME: NUMBER}), BAD),
    patients("NaN in a row", lambda r: event_text(r, "NaN"), BAD),
    patients("Infinity in a row", lambda r: event_text(r, "Infinity"), BAD),
    patients("-Infinity in a row", lambda r: event_text(r, "-Infinity"), BAD),
    patients("1e400", lambda r: event_text(r, "1e400"), BAD),
    patients("a whole number of 400 digits", lambda r: event_text(r, "9" * 400), BAD),
    patients("a whole number of 5000 digits", lambda r: event_text(r, "9" * 5000), BAD),
    patients("a key twice", lambda r: event_text(r, '1, "value": 2'), BAD),
    patients("a value of null", lambda r: event(r, value=None), BAD),
    patients("an event of nulls", lambda r: event(r, **dict.fromkeys(("analyte", "value"))), BAD),
    patients("a unit that does not exist", lambda r: event(r, unit="furlong"), BAD),
    patients("a date without a zone", lambda r: event(r, collected_h="2026-05-04T07:00"), BAD),
    patients("known before it was collected", lambda r: event(r, available_h=-1e6), BAD),
    patients("watched for a negative time", lambda r: episode(r, followed_until_h=-1.5), BAD),
    patients("events in another order", lambda r: r | {
        "events": json.dumps(json.loads(r["events"])[::-1])}, GOOD),
    patients("whole numbers as such", lambda r: r | {
        "events": json.dumps([
            {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in e.items()}
            for e in json.loads(r["events"])
        ])}, GOOD),
    patients("keys that nobody knows", lambda r: event(
        episode(r, **{NAME: NAME}), note=NAME), GOOD),
    patients("a thousand such keys", lambda r: episode(
        r, **{f"{NAME} {i}": NUMBER for i in range(1000)}), GOOD),
    patients("an analyte that nobody knows", lambda r: more_events(r, analyte="Jane Doe"), GOOD),
    patients("a value of the far future", lambda r: more_events(
        r, collected_h=9e9, available_h=9e9, value=NUMBER), GOOD),
    patients("asked at the landmark", lambda r: cut_at(r, 72.0), GOOD),
    patients("asked before the landmark", lambda r: cut_at(r, 48.0),
             "not_under_observation"),
    patients("dead before the landmark", lambda r: episode(r, died_h=50.0),
             "not_under_observation"),
    patients("no values at all", lambda r: r | {"events": "[]"}, "no_data_before_landmark"),
    patients("a product that nobody knows", lambda r: episode(r, product="Zolgenjane"),
             "unknown_product"),
    patients("a row of nulls", lambda r: dict.fromkeys(r), BAD),
    patients("a row of numbers", lambda r: dict.fromkeys(r, NUMBER), BAD),
    patients("lists instead of text", lambda r: {k: json.loads(v) for k, v in r.items()}, BAD),
    patients("text that is no JSON", lambda r: r | {"grades": NAME}, BAD),
    patients("a row 100 000 deep", lambda r: r | {"events": "[" * 100_000}, BAD),
    patients("no identifier", lambda r: episode(r, episode_id=None), BAD),
]  # fmt: skip

IDENTIFIERS = [
    patients(f"identifier {name}", lambda r, text=text: episode(r, episode_id=text), status)  # type: ignore[misc]
    for name, text, status in (
        ("SQL", "x'; DROP TABLE episodes; --", GOOD),
        ("HTML", "<script>alert('Jane Doe')</script>", GOOD),
        ("of a name", NAME, GOOD),
        ("decomposed", "Jane Doe e\u0301", GOOD),
        ("path", "../../etc/passwd", GOOD),
        ("empty", "", BAD),
        ("line feed", "MRN-123456\r\nSet-Cookie: a=b", BAD),
        ("NUL", "MRN-123456\x00", BAD),
        ("written backwards", "\u202eMRN-123456", BAD),
        ("of no width", "MRN-123456\u200b", BAD),
        ("half a pair", "MRN-123456\ud800", BAD),
        ("long", "MRN-123456" * 30, BAD),
        ("a list", ["MRN-123456"], BAD),
    )
]

BODIES = [
    bodies("no column of grades", lambda g: body_of(
        {k: v for k, v in g[0].items() if k != "grades"} | {"patient": NAME}), 400),
    Attack("a column too many", lambda to, g: to.request(body=body_of(g[0] | {NAME: NAME})), 200,
           (GOOD,)),
    Attack("columns in another order", lambda to, g: to.request(
        body=body_of(dict(reversed(g[0].items())))), 200, (GOOD,)),
    Attack("NaN as a cell", lambda to, g: to.request(
        body=body_of(g[0] | {"events": float("nan")})), 200, (BAD,)),
    Attack("Infinity as a cell", lambda to, g: to.request(
        body=body_of(g[0] | {"events": float("inf")})), 200, (BAD,)),
    Attack("one patient twice", lambda to, g: to.request(
        body=body_of(g[0], g[1], g[0])), 200, (BAD, GOOD, BAD)),
    Attack("bad ones among good ones", lambda to, g: to.request(
        body=body_of(g[0], event(g[2], value=NAME), g[1], event(g[3], available_h=-1e6))),
        200, (GOOD, BAD, GOOD, BAD)),
    Attack("another kind of data", lambda to, g: to.request(
        body=body_of(g[0], params={"data_kind": NAME})), 200, ("synthetic_model_on_real_data",)),
    Attack("a parameter that nobody knows", lambda to, g: to.request(
        body=body_of(g[0], params={"data_kind": "synthetic", NAME: NAME})), 200, (GOOD,)),
    bodies("parameters of another type", lambda g: body_of(
        g[0], params={"data_kind": [NAME]}), 400),
    bodies("parameters that are text", lambda g: body_of(g[0], params=NAME), 400),
    bodies("a column twice", lambda g: json.dumps({"dataframe_split": {
        "columns": ["episode", "events", "grades", "grades"],
        "data": [[g[0]["episode"], NAME, NAME, NAME]]}}).encode(), 400),
    fixed("columns that do not fit", json.dumps({"dataframe_split": {
        "columns": ["episode"], "data": [[NAME, NAME]]}}).encode(), 400),
    fixed("numbers as instances", json.dumps({"instances": [[NUMBER]]}).encode(), 400),
    fixed("inputs of another shape", json.dumps({"inputs": {"x": NAME}}).encode(), 400),
    fixed("no rows", body_of(), 400),
    fixed("an empty object", b"{}", 400),
    fixed("no body", b"", 400),
    fixed("a list", json.dumps([NAME]).encode(), 400),
    fixed("no JSON", NAME.encode(), 400),
    bodies("half of it", lambda g: body_of(g[0])[:-200], 400),
    bodies("no UTF-8", lambda g: body_of(g[0])[:-5] + b"\xff\xfe" + NAME.encode(), 400),
    fixed("10 001 rows", body_of(
        *[{"episode": "{}", "patient": "Jane Doe"}] * 10_001), 400),
    # Python's parser gives up inside MLflow, before the model is asked.
    fixed("100 000 deep", b'{"dataframe_records":' + b"[" * 100_000, 500),
    fixed("5000 digits", b'{"dataframe_records":' + b"9" * 5000 + b"}", 500),
    bodies("51 MB", lambda g: body_of(g[0]) + b" " * 51_000_000, 413),
    bodies("one byte too many", lambda g: body_of(g[0]).ljust(LIMIT + 1), 413),
    Attack("not one byte too many", lambda to, g: to.request(
        body=body_of(g[0]).ljust(LIMIT)), 200, (GOOD,)),
]  # fmt: skip

HEADERS = [
    headers("no login", {"Authorization": None}, 401),
    headers("another password", {"Authorization": "Basic SmFuZSBEb2U6TVJOLTEyMzQ1Ng=="}, 401),
    headers("no Basic", {"Authorization": f"Bearer {NAME}"}, 401),
    headers("another host", {"Host": "evil.example"}, 421),
    headers("a host that begins well", {"Host": "localhost.evil.example"}, 421),
    headers("no host", {"Host": None}, 400),
    headers("a host that is none", {"Host": "local host/<script"}, 400),
    headers("plain text", {"Content-Type": "text/plain"}, 415),
    headers("CSV", {"Content-Type": "text/csv"}, 415),
    headers("Parquet", {"Content-Type": "application/vnd.apache.parquet"}, 415),
    headers("a form", {"Content-Type": "multipart/form-data; boundary=MRN-123456"}, 415),
    headers("no type", {"Content-Type": None}, 415),
    headers("a type of another name", {"Content-Type": "application/json; name=MRN-123456"}, 415),
    headers("Latin 1", {"Content-Type": "application/json; charset=latin-1"}, 415),
    headers("UTF-8", {"Content-Type": "application/json; charset=utf-8"}, 200),
    headers("words that name a patient", {
        "User-Agent": NAME, "Referer": f"http://x/{NAME}", "Cookie": NAME, "X-Patient": NAME,
        "X-Forwarded-For": NAME}, 200),
    headers("a long header", {"X-Patient": NAME * 500}, 431),
    headers("many headers", {f"X-{i}": "MRN-123456 " * 20 for i in range(100)}, 431),
    headers("a negative length", {"Content-Length": "-1"}, 400),
    headers("a length and chunks", {"Transfer-Encoding": "chunked"}, 400),
    headers("a coding that nobody knows", {
        "Content-Length": None, "Transfer-Encoding": "xchunked"}, 501),
]  # fmt: skip

LINES = [
    *(lines(m, "/invocations", 405) for m in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")),
    lines("POST", "/ping", 405),
    *(
        lines("GET", path, 404)
        for path in (
            "/", "/version", "/health", "/docs", "/openapi.json", "/metrics", "/refused",
            "/invocations/", "/invocations/../version", "/ping/%2e%2e/version", "//invocations",
            "/ping/..%2fversion", "/.git/config", "/htpasswd", "/MRN-123456?name=Jane+Doe",
        )
    ),
    *(lines("GET", path, 400) for path in ("/../version", "/%2e%2e/version", "/ping%00MRN-123456")),
    lines("POST", "/invocations?name=Jane+Doe&mrn=MRN-123456", 200),
    lines("POST", "/invocations/%2e%2e/invocations", 200),
    lines("POST", "http://evil.example/invocations", 421),
    lines("POST", "http://localhost:{port}/invocations", 200),
    lines("POST", "/" + "MRN-123456" * 1000, 414),
    lines("CONNECT", "evil.example:443", 400),
]  # fmt: skip

RAW = [
    raw("two hosts, the second another", lambda r: r.replace(
        b"\r\nAuth", b"\r\nHost: evil.example\r\nAuth", 1), 400),
    raw("two hosts, the first another", lambda r: r.replace(
        b"\r\nHost", b"\r\nHost: evil.example\r\nHost", 1), 400),
    raw("two lengths", lambda r: r.replace(
        b"\r\nAuth", b"\r\nContent-Length: 3\r\nAuth", 1), 400),
    raw("two codings", lambda r: chunked(r, b"SIZE\r\nBODY\r\n0\r\n\r\n").replace(
        b"\r\nAuth", b"\r\nTransfer-Encoding: identity\r\nAuth", 1), 400),
    raw("chunks that lie", lambda r: chunked(r, b"3\r\nBODY\r\n0\r\n\r\n"), 400),
    raw("a chunk without an end of size", lambda r: chunked(r, b"F" * 40 + b"\r\nBODY"), 400),
    raw("a chunk of 51 MB", lambda r: chunked(r, b"30A32C0\r\nBODY"), 413),
    raw("a folded header", lambda r: r.replace(b"\r\nAuth", b"\r\n MRN-123456\r\nAuth", 1), 400),
    raw("a control character in a header's name", lambda r: r.replace(
        b"\r\nAuth", b"\r\nX\x01A: MRN-123456\r\nAuth", 1), 400),
    raw("a space before a colon", lambda r: r.replace(b"Host:", b"Host :", 1), 400),
    raw("another protocol", lambda r: b"\x16\x03\x01\x02\x00\x01" + r, 400),
    raw("HTTP 3.0", lambda r: r.replace(b"HTTP/1.1", b"HTTP/3.0", 1), 505),
    raw("HTTP 1.0 without a host", lambda r: r.replace(b"HTTP/1.1", b"HTTP/1.0", 1).replace(
        b"Host", b"X-Host", 1), 421),
    raw("headers without an end", lambda r: r.partition(b"\r\n\r\n")[0], 0),
    raw("a body without an end", lambda r: r[:-100], 0),
    Attack("chunks", lambda to, g: chunked(
        to.request(body=body_of(g[0])), b"SIZE\r\nBODY\r\n0\r\n\r\n"), 200, (GOOD,)),
    Attack("a body that is compressed", lambda to, g: to.request(
        body=gzip.compress(body_of(g[0])), headers={"Content-Encoding": "gzip"}), 400),
    Attack("a question before the body", lambda to, g: to.request(
        body=body_of(g[0]), headers={"Expect": "100-continue"}), 200, (GOOD,)),
]  # fmt: skip

ATTACKS = (*CELLS, *IDENTIFIERS, *BODIES, *HEADERS, *LINES, *RAW)
