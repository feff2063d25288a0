"""How passwords are hashed. Hashes of Django's default (PBKDF2) still work and are renewed at the next sign-in."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with 46 MiB, two passes and one lane: twice the work that OWASP asks for at this memory.

    Each web thread that hashes needs 46 MiB meanwhile, so Django's default of 100 MiB and eight lanes is too much for
    a small machine with four threads.
    """

    memory_cost = 46 * 1024  # KiB
    time_cost = 2
    parallelism = 1
