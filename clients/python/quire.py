"""A client of Quire's HTTP API. It needs Python 3.9 or newer and nothing else.

    from quire import Quire

    quire = Quire("http://localhost:3000")
    for item, book in quire.parse(["2767052", "9780439023481"]):
        print(item["state"], book["title"] if book else item["reason"])

Every method raises QuireError when Quire refuses, with its explanation in `problem` (RFC 9457).
"""

from __future__ import annotations

import base64
import email.utils
import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, TypedDict

__all__ = ["Book", "Item", "Quire", "QuireError", "is_from_quire"]

CHUNK = 1000
"""Entries sent in one request by `submit_all`."""
TOLERANCE_SECONDS = 300
"""A webhook delivery that is older or newer is refused."""
RETRIED = (429, 502, 503, 504)
SAFE = ("GET", "HEAD", "PUT", "DELETE")
SETTLED_AT_ONCE = ("cached", "invalid", "disallowed")
"""States in which an item is settled from the start, so that no event tells of it."""


class Person(TypedDict):
    id: Optional[str]
    name: str
    role: Optional[str]
    url: Optional[str]


class Series(TypedDict):
    id: Optional[str]
    title: str
    position: Optional[str]


class Book(TypedDict, total=False):
    """A book. What its page does not carry is None, or an empty list."""

    id: str
    url: str
    workId: Optional[str]
    title: Optional[str]
    originalTitle: Optional[str]
    author: Optional[str]
    authors: List[Person]
    series: List[Series]
    rating: Optional[float]
    ratingsCount: Optional[int]
    reviewsCount: Optional[int]
    ratingsDistribution: Optional[List[int]]
    description: Optional[str]
    format: Optional[str]
    pages: Optional[int]
    publisher: Optional[str]
    publishedDate: Optional[str]
    originalPublishedYear: Optional[int]
    language: Optional[str]
    isbn10: Optional[str]
    isbn13: Optional[str]
    asin: Optional[str]
    genres: List[str]
    coverUrl: Optional[str]
    awards: List[Any]
    fetchedAt: str
    layout: str
    sources: Dict[str, str]


class Item(TypedDict, total=False):
    """One entry of a batch. `state` is its state, such as `parsed`, `cached`, `not-found`, `failed` or `invalid`."""

    index: int
    input: str
    kind: Optional[str]
    family: Optional[str]
    collection: Optional[Dict[str, Any]]
    state: str
    jobId: Optional[str]
    bookId: Optional[str]
    url: Optional[str]
    reason: Optional[str]
    duplicates: int
    via: Optional[int]


class QuireError(Exception):
    """What Quire answered instead of what was asked for."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or f"Quire answered {status}.")
        self.status = status
        self.problem = dict(problem)

    @property
    def code(self) -> Optional[str]:
        """The last part of the problem's type, such as `book-unknown`."""
        return self.problem.get("code")


class Quire:
    """A client. It holds no connection, so there is nothing to close.

    base_url: where Quire is, such as `http://localhost:3000`. A path is kept.
    retries: tries after the first.
    backoff: seconds before the second try where the answer names no time. Each later one waits twice as long.
    max_wait: longest `Retry-After` in seconds that is waited for.
    timeout: seconds that one read of an answer may take.
    """

    def __init__(
        self,
        base_url: str,
        api_key: Optional[str] = None,
        *,
        retries: int = 4,
        backoff: float = 0.5,
        max_wait: float = 300.0,
        timeout: float = 60.0,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._key = api_key
        self._retries = retries
        self._backoff = backoff
        self._max_wait = max_wait
        self._timeout = timeout

    def submit(self, entries: Iterable[str], **options: Any) -> Dict[str, Any]:
        """Submits up to 10,000 links, numbers, ISBNs, ASINs or collections. Returns `batchId`, `counts` and `items`.

        Options are those of `POST /parse-links`: priority, maxAge, webhook, maxBooks, maxPages, deadline, editions, until, open.
        """
        body = {"urls": list(entries), **options}
        return self._json("POST", "/parse-links", body=body, headers={"idempotency-key": str(uuid.uuid4())})

    def submit_all(self, entries: Iterable[str], **options: Any) -> str:
        """Submits any number of entries as one batch, 1,000 in a request. Returns the id of the batch once all are in."""
        batch_id: Optional[str] = None
        try:
            for urls in _chunks(entries):
                if batch_id is None:
                    batch_id = str(self.submit(urls, **{**options, "open": True})["batchId"])
                else:
                    path = f"/batches/{batch_id}/links"
                    self._json("POST", path, body={"urls": urls}, headers={"idempotency-key": str(uuid.uuid4())})
        finally:
            # Also after a failure: what is in goes on, and the batch ends.
            if batch_id is not None:
                self._json("POST", f"/batches/{batch_id}/close")
        if batch_id is None:
            raise ValueError("There are no entries to submit.")
        return batch_id

    def parse(self, entries: Iterable[str], **options: Any) -> Iterator[Tuple[Item, Optional[Book]]]:
        """Submits the entries and gives each item, with its book, as it settles."""
        for item in self.settled(self.submit_all(entries, **options)):
            has_book = item["state"] in ("parsed", "cached") and item["bookId"]
            yield item, self.book(str(item["bookId"])) if has_book else None

    def settled(self, batch_id: str) -> Iterator[Item]:
        """Each item of a batch once, as it settles, until the batch ends. Goes on by itself after a broken connection."""
        told = set()
        for state in SETTLED_AT_ONCE:
            for item in self.items(batch_id, state=state):
                told.add(item["index"])
                yield item
        for item in self._item_events(batch_id):
            if item["index"] not in told:
                yield item

    def _item_events(self, batch_id: str) -> Iterator[Item]:
        last_id, failures = "0", 0
        while True:
            try:
                with self._open("GET", f"/batches/{_quote(batch_id)}/events", headers={"last-event-id": last_id}) as answer:
                    if answer.status == 204:
                        return
                    for event_id, event, data in _events(answer):
                        failures = 0
                        if event == "item":
                            yield json.loads(data)
                            last_id = event_id or last_id
            except (OSError, http.client.HTTPException):
                failures += 1
                if failures > self._retries:
                    raise
                time.sleep(self._backoff * 2**failures)

    def items(self, batch_id: str, state: Optional[str] = None) -> Iterator[Item]:
        """All items of a batch, page by page."""
        cursor: Optional[str] = None
        while True:
            query = {"limit": "200", "state": state, "cursor": cursor}
            page = self._json("GET", f"/batches/{_quote(batch_id)}/items", query=query)
            yield from page["items"]
            cursor = page["cursor"]
            if cursor is None:
                return

    def books(self, batch_id: Optional[str] = None) -> Iterator[Book]:
        """The books of a batch, or all stored books, as they come over the wire."""
        path = "/books/export" if batch_id is None else f"/batches/{_quote(batch_id)}/export"
        with self._open("GET", path, query={"format": "jsonl"}) as answer:
            for line in answer:
                yield json.loads(line)

    def batch(self, batch_id: str) -> Dict[str, Any]:
        """How a batch stands: `counts` by state, `finishedAt`, `etaSeconds` and more."""
        return self._json("GET", f"/batches/{_quote(batch_id)}")

    def cancel(self, batch_id: str) -> Dict[str, Any]:
        """Cancels what is not settled."""
        return self._json("DELETE", f"/batches/{_quote(batch_id)}")

    def book(self, book_id: str) -> Optional[Book]:
        """A stored book, or None. Never waits for Goodreads."""
        try:
            with self._open("GET", f"/books/{_quote(book_id)}") as answer:
                return json.load(answer) if answer.status == 200 else None
        except QuireError as error:
            if error.status == 404:
                return None
            raise

    def search(self, words: str, limit: int = 10) -> List[Book]:
        """The stored books that have all the words, best first."""
        return self._json("GET", "/books/search", query={"q": words, "limit": str(limit)})["items"]

    def find(self, words: str, source: Optional[str] = None) -> Dict[str, Any]:
        """Stored books, and with `source="goodreads"` what Goodreads' search box proposes."""
        return self._json("GET", "/find", query={"q": words, "source": source})

    def source(self) -> Dict[str, Any]:
        """Whether Goodreads answers, at what rate it is asked, and what robots.txt allows."""
        return self._json("GET", "/source")

    def retry(self, job_id: str) -> Dict[str, Any]:
        """Queues a failed job again."""
        return self._json("POST", f"/jobs/{_quote(job_id)}/retry")

    def redrive(self, reason: Optional[str] = None, limit: Optional[int] = None) -> Dict[str, Any]:
        """Queues failed jobs again: all, or those with a reason such as `crawl-failed`."""
        body = {name: value for name, value in (("reason", reason), ("limit", limit)) if value is not None}
        return self._json("POST", "/failures/redrive", body=body)

    def _json(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Optional[str]]] = None,
        body: Any = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Any:
        with self._open(method, path, query=query, body=body, headers=headers) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def _open(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Optional[str]]] = None,
        body: Any = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Any:
        """Sends one request, and again where that may help. The caller closes the answer."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        url = self.base_url + path + ("?" + urllib.parse.urlencode(given) if given else "")
        sent = {"accept": "application/json, */*", **(headers or {})}
        if self._key is not None:
            sent["authorization"] = f"Bearer {self._key}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["content-type"] = "application/json"
        repeats = method in SAFE or "idempotency-key" in sent
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            wait = self._backoff * 2**attempt
            request = urllib.request.Request(url, data=data, headers=sent, method=method)
            try:
                return urllib.request.urlopen(request, timeout=self._timeout)
            except urllib.error.HTTPError as answer:
                with answer:
                    problem = _problem(answer.read())
                # A 429 or 503 is always tried again: Quire keeps nothing of such a request.
                asked = _retry_after(answer.headers.get("retry-after"))
                may_repeat = answer.code in (429, 503) or (answer.code in RETRIED and repeats)
                # A crawl that failed for good is a 502 too. It names no time, and asking again does not help.
                given_up = answer.code == 502 and asked is None
                if last or not may_repeat or given_up or (asked or 0) > self._max_wait:
                    raise QuireError(answer.code, problem) from None
                wait = wait if asked is None else asked
            except (OSError, http.client.HTTPException):
                if last or not repeats:
                    raise
            time.sleep(wait)
        raise AssertionError("unreachable")


def is_from_quire(headers: Mapping[str, str], body: bytes, secret: str, now: Optional[float] = None) -> bool:
    """Whether a webhook delivery was signed with `secret` (`whsec_…`), by Standard Webhooks (https://www.standardwebhooks.com).

    `headers` may have any case. `body` is the bytes as they came, before json.loads.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = given.get("webhook-id"), given.get("webhook-timestamp", "")
    if message_id is None or not (timestamp.isascii() and timestamp.isdigit()):
        return False
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret[len("whsec_") :] if secret.startswith("whsec_") else secret)
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # While a secret is being rotated there are two signatures, and one of them is enough.
    signatures = given.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(f"v1,{expected.decode()}".encode(), one.encode()) for one in signatures)


def _quote(part: str) -> str:
    return urllib.parse.quote(part, safe="")


def _chunks(entries: Iterable[str]) -> Iterator[List[str]]:
    chunk: List[str] = []
    for entry in entries:
        chunk.append(entry)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _problem(body: bytes) -> Dict[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"detail": body[:200].decode("utf-8", "replace") or None}


def _retry_after(value: Optional[str]) -> Optional[float]:
    """Seconds that a Retry-After asks for, which is seconds or an HTTP date (RFC 9110, section 10.2.3)."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _events(lines: Iterable[bytes]) -> Iterator[Tuple[Optional[str], str, str]]:
    """Server-Sent Events (WHATWG HTML, section 9.2.6) as `(id, event, data)`. An event that is cut off is left out."""
    event_id: Optional[str] = None
    event, data = "message", []  # type: str, List[str]
    for raw in lines:
        line = raw.decode("utf-8").rstrip("\r\n")
        if line == "":
            if data:
                yield event_id, event, "\n".join(data)
            event_id, event, data = None, "message", []
            continue
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "id":
            event_id = value
        elif field == "event":
            event = value
        elif field == "data":
            data.append(value)
