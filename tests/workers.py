"""Of several workers that test side by side each has Redis databases of its own, as pytest-django gives it a
PostgreSQL database: one for the tests, the next for the product that they start."""

import os
import re

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")


def redis_url(*, of_the_product: bool = False) -> str:
    number = 2 * int(_WORKER.removeprefix("gw")) + of_the_product
    return re.sub(r"db=\d+$", f"db={number}", os.environ["REDIS_URL"])


os.environ["REDIS_URL"] = redis_url()  # before Django reads its settings: see pyproject.toml
