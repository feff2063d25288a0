"""A hasher for tests that counts how often passwords are hashed. It is fast, because that is all they look at."""

from typing import ClassVar

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class CountingHasher(PBKDF2PasswordHasher):
    """Hash with one round, and count."""

    algorithm = "counted"
    iterations = 1
    count: ClassVar[int] = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        CountingHasher.count += 1
        return super().encode(password, salt, iterations)
