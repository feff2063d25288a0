"""Models of accounts: users, what happened to their accounts, the mails about it, and the end of them."""

from accounts.models.erasures import Erasure
from accounts.models.mails import EmailChange, OutgoingMail
from accounts.models.security_events import SecurityEvent
from accounts.models.users import User, UserManager, new_reference

__all__ = ["EmailChange", "Erasure", "OutgoingMail", "SecurityEvent", "User", "UserManager", "new_reference"]
