"""A Jupyter kernel of its own, as a notebook has it, with the stop button."""

import time
from typing import NamedTuple

from jupyter_client.manager import KernelManager


class Ran(NamedTuple):
    """What came of a cell: what it printed, its error's name or None, and the seconds since the last press."""

    printed: str
    error: str | None
    seconds: float


class Kernel:
    """Runs cells. environment: of the kernel; folder: where it works."""

    def __init__(self, environment, folder):
        self.manager = KernelManager(kernel_name="python3")
        self.environment, self.folder = environment, str(folder)

    def __enter__(self):
        self.manager.start_kernel(env=self.environment, cwd=self.folder)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    def run(self, code, *press_at):
        """Run a cell to its end. press_at: words; once the cell has printed them all, the button was pressed for each."""
        printed, waiting, start = "", list(press_at), time.monotonic()

        def listen(message):
            nonlocal printed, start
            content = message["content"]
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                printed += content["text"]
            if waiting and waiting[0] in printed:
                del waiting[0]
                start = time.monotonic()
                self.manager.interrupt_kernel()

        reply = self.client.execute_interactive(code, output_hook=listen, allow_stdin=False, timeout=30)
        return Ran(printed, reply["content"].get("ename"), time.monotonic() - start)
