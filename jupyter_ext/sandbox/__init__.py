"""Real, tiny Hadoop clusters on this machine, for demos and tests."""
