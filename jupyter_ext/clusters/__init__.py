"""Cluster profiles: what a cluster is, read from its own Hadoop configuration."""
