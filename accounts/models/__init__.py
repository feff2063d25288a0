"""Models of accounts: users, what happened to their accounts, and the end of them."""

from accounts.models.erasures import Erasure
from accounts.models.security_events import SecurityEvent
from accounts.models.users import User, UserManager, new_reference

__all__ = ["Erasure", "SecurityEvent", "User", "UserManager", "new_reference"]
