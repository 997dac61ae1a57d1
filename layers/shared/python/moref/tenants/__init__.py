"""Organizations, their locations, connections, credentials, settings and stop switches."""
