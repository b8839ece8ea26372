"""`python -m photofinder.supervisor.ready URL SECONDS`: exits with 0 as soon as the site answers, else with a sentence.

A process of its own, so that a slow answer never keeps the supervisor from its work.
"""

import sys
import time
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener


def trouble(url: str) -> str:
    """What is wrong with the site at `url`, or an empty string."""
    try:
        build_opener(ProxyHandler({})).open(f"{url}/healthz", timeout=10).close()
    except HTTPError as error:
        return str(error) if error.code >= 500 else ""
    except OSError as error:
        return str(error)
    return ""


def main(url: str, seconds: float) -> str | None:
    """Wait for the site; returns None, or after `seconds` the last thing that was wrong."""
    deadline = time.monotonic() + seconds
    while wrong := trouble(url):
        if time.monotonic() > deadline:
            return f"after {seconds:.0f} s {url}/healthz still says: {wrong}"
        time.sleep(0.3)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
