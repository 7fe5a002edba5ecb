"""A server of a scenario in a folder of its own, whose clock jumps at each request of a waiter."""

import subprocess
import tempfile
from pathlib import Path


class Server:
    def __init__(self, plimsoll, text, jump="15s", clock=None, options=()):
        self.folder = tempfile.TemporaryDirectory()
        Path(self.folder.name, "s.toml").write_text(text)
        clock = ["--clock", clock] if clock else ["--clock", "stepped", "--auto-advance", jump]
        options = ["--listen", "127.0.0.1:0", *clock, "--quiet", "-o", "out", *options]
        self.process = subprocess.Popen(
            [plimsoll, "serve", "s.toml", *options], cwd=self.folder.name, stderr=subprocess.PIPE, text=True
        )
        self.url = self.process.stderr.readline().strip().removeprefix("listening on ")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.process.kill()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0
        assert Path(self.folder.name, "out", "summary.json").exists()
