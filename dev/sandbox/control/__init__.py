"""The control room: makes banks act, breaks things on request, shows what was announced; loopback only."""
