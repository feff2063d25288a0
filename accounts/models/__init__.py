"""Models of accounts: users, what happened to their accounts, and the mails about it."""

from accounts.models.mails import EmailChange, OutgoingMail
from accounts.models.security_events import SecurityEvent
from accounts.models.users import User, UserManager, new_reference

__all__ = ["EmailChange", "OutgoingMail", "SecurityEvent", "User", "UserManager", "new_reference"]
