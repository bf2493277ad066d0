"""Jupyter's own list of what a kernel has to do, in a process of its own.

    python -m tests.kernels.conformance KERNELSPEC

It starts the kernel as ``jupyter console`` or ``papermill`` does: without a Jupyter server.
"""

from __future__ import annotations

import sys
import unittest

import jupyter_kernel_test


class ConformanceTests(jupyter_kernel_test.KernelTests):
    """Of a Python kernel."""

    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = ({"text": "zi", "matches": {"zip"}},)
    complete_code_samples = ("1", "print('hello, world')", "def f(x):\n  return x*2\n\n\n")
    incomplete_code_samples = ("print('''hello", "for i in range(10):")
    invalid_code_samples = ("import = 7q",)
    code_page_something = "zip?"
    code_generate_error = "raise ValueError"
    code_execute_result = ({"code": "1 + 2", "result": "3"},)
    code_display_data = (
        {"code": "from IPython.display import HTML; display(HTML('x'))", "mime": "text/html"},
    )
    test_history = None  # IPython 9 calls the running session 0, which the test does not expect
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"


if __name__ == "__main__":
    ConformanceTests.kernel_name = sys.argv.pop()
    unittest.main(verbosity=2)
