"""Models of accounts: users, and what happened to their accounts."""

from accounts.models.security_events import SecurityEvent
from accounts.models.users import User, UserManager, new_reference

__all__ = ["SecurityEvent", "User", "UserManager", "new_reference"]
