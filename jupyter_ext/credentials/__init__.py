"""Identities: who the user is on each cluster, proved to its own KDC, directory or gateway."""
