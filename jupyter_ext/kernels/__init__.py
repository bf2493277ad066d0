"""Kernels in processes, Docker containers and YARN containers. See docs/kernels.md."""
