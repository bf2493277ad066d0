"""The program beside a remote kernel. Standard library only, Python 3.6 or newer."""
