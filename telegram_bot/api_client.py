"""PhotoFinder's HTTP API as the bot uses it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import httpx

CHANNEL = "telegram"
_TIMEOUT = httpx.Timeout(connect=5, read=90, write=60, pool=60)
_PHOTOS = "1"  # of a search's answer: they are looked at by the result's pages
_GONE = (403, 404, 410)  # a link that has expired, or to what may not be seen any more
logger = logging.getLogger(__name__)


class ApiProblem(Exception):  # noqa: N818 - the API's word for it
    """The API's answer to something a person can do something about: `code` says what, `extra` how to go on."""

    def __init__(self, code: str, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.extra = dict(extra or {})


class ApiDown(Exception):  # noqa: N818 - a state, not a mistake
    """The API does not answer, or not now: asking again helps, after `seconds` when it said so."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass(frozen=True)
class Selfie:
    """What somebody is looked for with: an image, a likeness from before, or both; `face` chooses among several."""

    image: bytes | None = None
    face: int | None = None
    likeness: str = ""

    def form(self, **values: str) -> dict[str, Any]:
        """A multipart form of it and of the values that are not empty."""
        values |= {"likeness": self.likeness, "face": "" if self.face is None else str(self.face)}
        fields: dict[str, Any] = {name: (None, value) for name, value in values.items() if value}
        return fields | ({"photo": ("selfie", self.image)} if self.image is not None else {})


@dataclass
class Api:
    """Calls the API at `url`. Each method raises ApiProblem or ApiDown."""

    url: str
    token: str
    site_url: str = ""
    _client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Token {self.token}"}
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
        self._client = httpx.AsyncClient(timeout=_TIMEOUT, headers=headers, limits=limits)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def for_people(self, url: str) -> str:
        """A link of the API as the site is called outside."""
        link = urlsplit(url)
        return f"{self.site_url}{urlunsplit(('', '', *link[2:]))}" if self.site_url else url

    # --- events ---
    async def events(self, *, code: str = "") -> list[dict[str, Any]]:
        """The public events, newest first; with a code the one that it opens, if any."""
        params = {"code": code} if code else {"page_size": "100"}
        found = await self._json("GET", "events/", params=params)
        return cast(list[dict[str, Any]], found["results"])

    # --- attendees ---
    async def attendee(self, address: int) -> dict[str, Any]:
        """Their language, whether they agreed, and what they are subscribed to."""
        return await self._json("GET", _attendee(address))

    async def attendee_change(self, address: int, **changes: Any) -> dict[str, Any]:
        """Change `language` or `consent`; the attendee after it."""
        return await self._json("PUT", _attendee(address), json=changes)

    async def attendee_forget(self, address: int) -> dict[str, Any]:
        """Delete everything about them; the receipt."""
        return await self._json("DELETE", _attendee(address), json={})

    async def subscribe(self, address: int, *, event: str, code: str, likeness: str) -> dict[str, Any]:
        """Tell them of new photos from now on."""
        wanted = {"event": event, "likeness": likeness} | ({"code": code} if code else {})
        return await self._json("POST", _attendee(address) + "subscriptions/", json=wanted)

    async def unsubscribe(self, address: int, *, event: str) -> None:
        """Tell them no more."""
        await self._json("DELETE", _attendee(address) + f"subscriptions/{event}/")

    # --- selfies ---
    async def search(self, address: int, selfie: Selfie, *, event: str, code: str, result: str = "") -> dict[str, Any]:
        """What a selfie finds in an event, together with what was found before, when `result` names it."""
        attendee = f"{CHANNEL}:{address}"
        form = selfie.form(event=event, code=code, attendee=attendee, result=result, limit=_PHOTOS)
        return await self._json("POST", "search/", files=form)

    async def forget(self, address: int, selfie: Selfie) -> dict[str, Any]:
        """Delete everything about whoever the selfie shows; the receipt."""
        return await self._json("POST", "forget/", files=selfie.form(attendee=f"{CHANNEL}:{address}"))

    async def videos(self, address: int, selfie: Selfie, *, event: str, code: str) -> list[dict[str, Any]]:
        """The moments of an event's videos that show them, best first. Problem `no_videos` where there are none."""
        form = selfie.form(event=event, code=code, attendee=f"{CHANNEL}:{address}")
        found: Any = await self._json("POST", "videos/search/", files=form)
        return cast(list[dict[str, Any]], found)

    # --- results ---
    async def result(self, code: str) -> dict[str, Any]:
        """What a search found: its event, how many photos, the links."""
        return await self._json("GET", f"results/{code}/")

    async def photos(self, code: str, *, page: int, page_size: int) -> dict[str, Any]:
        """A page of its photos, and their `count`; an empty one past the end."""
        try:
            params = {"page": str(page), "page_size": str(page_size)}
            return await self._json("GET", f"results/{code}/photos/", params=params)
        except ApiProblem as problem:
            if problem.code != "not_found" or page == 1:
                raise
            return {"count": 0, "results": []}

    async def not_me(self, code: str, photo: int) -> dict[str, Any]:
        """The photo shows somebody else; how many are left."""
        return await self._json("POST", f"results/{code}/not-me/", json={"photo": photo})

    async def file(self, url: str, *, at_most: int) -> bytes | None:
        """The bytes behind a link of the API; None when there are more than `at_most`. It is fetched from where the API
        is, whatever the link calls the site.
        """
        here, link = urlsplit(self.url), urlsplit(url)
        address = urlunsplit((here.scheme, here.netloc, link.path, link.query, ""))
        try:
            return await self._read(address, at_most)
        except (httpx.TransportError, httpx.StreamError) as error:
            raise ApiDown(f"{type(error).__name__}: {error}") from error

    async def _read(self, address: str, at_most: int) -> bytes | None:
        chunks, size = [], 0
        async with self._client.stream("GET", address, follow_redirects=True) as response:
            if response.status_code in _GONE:
                raise ApiProblem("not_found")
            if response.status_code != 200:
                await response.aread()
                _raise_for(response)
            async for chunk in response.aiter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if size > at_most:
                    return None
        return b"".join(chunks)

    # --- notifications ---
    async def claim(self) -> dict[str, Any] | None:
        """The oldest notification that waits, now ours."""
        found = await self._json("POST", "notifications/claim/", json={"channel": CHANNEL})
        return cast("dict[str, Any] | None", found["notification"])

    async def claim_done(self, number: int, outcome: str) -> None:
        """It was `sent`, or the attendee is `gone`."""
        await self._json("POST", f"notifications/{number}/done/", json={"outcome": outcome})

    async def _json(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        try:
            response = await self._client.request(method, f"{self.url}/api/v1/{path}", **content)
        except httpx.TransportError as error:
            raise ApiDown(f"{type(error).__name__}: {error}") from error
        if not response.is_success:
            _raise_for(response)
        return cast(dict[str, Any], response.json() if response.content else {})


def _attendee(address: int) -> str:
    return f"attendees/{CHANNEL}/{address}/"


def _raise_for(response: httpx.Response) -> None:
    """Raise what an answer other than 2xx means. Wrong rights are ours to mend, so they count as being down."""
    body = _body(response)
    code = str(body.pop("code", ""))
    if response.status_code == 429:
        raise ApiDown(code, _seconds(response.headers.get("Retry-After", "")))
    is_ours = response.status_code in (401, 403) and code != "consent_needed"
    if response.status_code >= 500 or is_ours or not code:
        logger.error("%s answered %s %s", response.request.url.path, response.status_code, code)
        raise ApiDown(f"{response.status_code} {code}")
    raise ApiProblem(code, body)


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(text: str) -> float:
    return min(float(text), 300.0) if text.isdecimal() else 5.0
