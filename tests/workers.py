"""Give each pytest worker its own Redis databases, as pytest-django gives it a PostgreSQL database.

One is for the tests, the next for the product that the tests start.
"""

import os
import re

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
# The number of the database: in `unix:///path?db=0` or `redis://host:6379/0`, where it may be missing.
_IN_QUERY = re.compile(r"(?<=[?&]db=)\d+")
_IN_PATH = re.compile(r"^(rediss?://[^/?]+)(?:/(\d*))?(?=\?|$)")


def with_database(url: str, added: int) -> str:
    """Return the URL with a number of the database that is larger by `added`."""
    if _IN_QUERY.search(url):
        return _IN_QUERY.sub(lambda number: str(int(number[0]) + added), url)
    if url.startswith("unix:"):
        return f"{url}{'&' if '?' in url else '?'}db={added}"
    return _IN_PATH.sub(lambda match: f"{match[1]}/{int(match[2] or 0) + added}", url)


# xdist starts its workers with the environment of this process, in which the number is already that of gw0.
_GIVEN_URL = os.environ["REDIS_URL"]


def redis_url(*, of_the_product: bool = False) -> str:
    """Return the URL of this worker's Redis database for the tests, or for the product that they start."""
    return with_database(_GIVEN_URL, 2 * int(_WORKER.removeprefix("gw")) + of_the_product)


os.environ["REDIS_URL"] = redis_url()  # before Django reads its settings: see pyproject.toml
