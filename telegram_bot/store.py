"""What the bot keeps, all of it in Redis: updates not yet done with, how far each is, conversations, who polls.

Keys, below `telegram:<number of the bot>:`
    seen:<update>          this update was taken in (a week)
    inbox                  hash of the updates that are not done with: number -> JSON
    progress:<scope>       hash of how far an update or notification is: `mark <step>`, `memo <name>`, `attempts`
    state:<chat>           the conversation (30 days)
    likeness:<chat>        what their last selfie looked like, sealed by the site (an hour)
    claims                 hash of the notifications that are being sent: number -> JSON
    poller                 who reads the updates, for a few seconds at a time
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError

WEEK_SECONDS = 7 * 24 * 3600
STATE_SECONDS = 30 * 24 * 3600
LIKENESS_SECONDS = 3600

# Taken in and kept in one step, so that no death of the bot falls between the two.
_TAKE_IN = """
if redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[3]) then
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
    return 1
end
return 0
"""
_EXTEND = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('EXPIRE', KEYS[1], ARGV[2]) end return 0"
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
_REPLACE = """
local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) return 1 end
return 0
"""


def claim_scope(number: int) -> str:
    """Under which name the progress of a notification is kept."""
    return f"notification {number}"


class Store:
    """One bot's part of a Redis. A Redis that is away for a moment is waited for."""

    def __init__(self, url: str, bot_id: str) -> None:
        lost = [ConnectionError, TimeoutError, BusyLoadingError]
        patience = Retry(ExponentialBackoff(cap=2, base=0.05), 30, (ConnectionError, TimeoutError, BusyLoadingError))
        self._redis: Any = Redis.from_url(
            url, decode_responses=True, retry=patience, retry_on_error=lost, socket_timeout=10
        )
        self._prefix = f"telegram:{bot_id}:"

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    # --- updates ---
    async def take_in(self, update_id: int, data: str) -> bool:
        """Keep an update until it is done with; False for one that was taken in before."""
        keys = (self._key(f"seen:{update_id}"), self._key("inbox"))
        return bool(await self._redis.eval(_TAKE_IN, 2, *keys, update_id, data, WEEK_SECONDS))

    async def leftovers(self) -> list[str]:
        """The updates that are not done with, oldest first."""
        kept = await self._redis.hgetall(self._key("inbox"))
        return [kept[number] for number in sorted(kept, key=int)]

    async def finish(self, update_id: int, changes: Mapping[str, tuple[str, int] | None] | None = None) -> None:
        """Be done with an update and keep what it changed (name -> value and seconds), all at once or not at all."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for name, change in (changes or {}).items():
                if change is None:
                    pipe.delete(self._key(name))
                else:
                    pipe.set(self._key(name), change[0], ex=change[1])
            pipe.hdel(self._key("inbox"), update_id)
            pipe.delete(self._key(f"progress:{update_id}"))
            await pipe.execute()

    # --- how far an update or a notification is ---
    async def attempt(self, scope: str, step: int = 1) -> int:
        """Count one more beginning, or with -1 take it back; how many there were."""
        count = await self._redis.hincrby(self._key(f"progress:{scope}"), "attempts", step)
        await self._redis.expire(self._key(f"progress:{scope}"), WEEK_SECONDS)
        return int(count)

    async def progress(self, scope: str, field: str) -> str | None:
        """What was written about a step."""
        return cast("str | None", await self._redis.hget(self._key(f"progress:{scope}"), field))

    async def progress_set(self, scope: str, field: str, value: str | None) -> None:
        """Write about a step, or with None forget it."""
        key = self._key(f"progress:{scope}")
        async with self._redis.pipeline(transaction=True) as pipe:
            if value is None:
                pipe.hdel(key, field)
            else:
                pipe.hset(key, field, value)
            pipe.expire(key, WEEK_SECONDS)
            await pipe.execute()

    # --- conversations ---
    async def values(self, names: Iterable[str]) -> list[str | None]:
        """The values of these names."""
        return cast("list[str | None]", await self._redis.mget([self._key(name) for name in names]))

    # --- notifications ---
    async def claim_keep(self, notification: Mapping[str, Any]) -> None:
        """Keep a notification until it is done with."""
        await self._redis.hset(self._key("claims"), str(notification["id"]), json.dumps(notification))

    async def claims(self) -> list[dict[str, Any]]:
        """The notifications that a bot before us was sending."""
        return [json.loads(text) for text in (await self._redis.hgetall(self._key("claims"))).values()]

    async def claim_forget(self, number: int) -> None:
        """Be done with a notification."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(self._key("claims"), str(number))
            pipe.delete(self._key(f"progress:{claim_scope(number)}"))
            await pipe.execute()

    # --- who polls ---
    async def poller(self) -> str | None:
        """Who reads the updates now."""
        return cast("str | None", await self._redis.get(self._key("poller")))

    async def poller_become(self, holder: str, *, instead_of: str, seconds: int) -> bool:
        """Read the updates from now on, if nobody does, or that one."""
        return bool(await self._redis.eval(_REPLACE, 1, self._key("poller"), instead_of, holder, seconds))

    async def poller_extend(self, holder: str, *, seconds: int) -> bool:
        """Read them for longer; False when somebody else does."""
        return bool(await self._redis.eval(_EXTEND, 1, self._key("poller"), holder, seconds))

    async def poller_release(self, holder: str) -> None:
        """Read them no more."""
        await self._redis.eval(_RELEASE, 1, self._key("poller"), holder)

    def _key(self, name: str) -> str:
        return self._prefix + name
