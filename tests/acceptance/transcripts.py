"""Sessions printed in a document, and the programs that they were typed into.

A session is the text of a fenced block of language `console`: lines that begin with a prompt are typed, the others are
what the program answered. A `<name>` in an answer stands for anything that is no line end.
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Bash", "Exchange", "Psql", "Terminal", "matches", "sessions"]

_FENCE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PLACEHOLDER = re.compile(r"<[a-z][a-z0-9_]*>")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A line that was typed behind a prompt, and what came back; without line ends at their ends."""

    prompt: str
    typed: str
    answer: str


class Terminal:
    """A program on a terminal of its own, so that it writes what a person would see."""

    #: what the program prints when it waits for a line, at the start of one
    prompts: re.Pattern[str]

    def __init__(self, command: list[str], environment: dict[str, str], directory: Path) -> None:
        self._parent, child = pty.openpty()
        self._process = subprocess.Popen(
            command,
            stdin=child,
            stdout=child,
            stderr=child,
            cwd=directory,
            env={**os.environ, "TERM": "dumb", "COLUMNS": "1000", "LC_ALL": "C.UTF-8", "PAGER": "cat", **environment},
            start_new_session=True,
        )
        os.close(child)
        #: the prompt that it waits behind
        self.prompt = ""
        self._read()

    def type(self, line: str) -> str:
        """Type a line; what the program says to it, until it waits for the next one."""
        os.write(self._parent, f"{line}\n".encode())
        echo, _, answer = self._read().partition("\n")
        assert echo == line
        return answer

    def close(self) -> None:
        """End the program."""
        os.close(self._parent)
        self._process.terminate()
        self._process.wait(10)

    def _read(self, timeout: float = 30) -> str:
        """Everything up to the next prompt, without the prompt."""
        seen = ""
        deadline = time.monotonic() + timeout
        while True:
            ready, _, _ = select.select([self._parent], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"no prompt within {timeout} s after {seen!r}"
            seen += os.read(self._parent, 65536).decode()
            # what readline and bash put around a line
            seen = re.sub(r"\x1b\[\?2004[hl]\r?", "", seen).replace("\r\n", "\n")
            before, _, last = seen.rpartition("\n")
            if self.prompts.fullmatch(last):
                self.prompt = last
                return f"{before}\n" if before else ""


class Psql(Terminal):
    """psql in a database named orchestrator, as superuser."""

    prompts = re.compile(r"orchestrator[=\-(]\*?# |>> ")

    def __init__(self, dsn: str, directory: Path) -> None:
        super().__init__(["psql", "--no-psqlrc", "--no-readline", "--pset=pager=off", dsn], {}, directory)


class Bash(Terminal):
    """A shell."""

    prompts = re.compile(r"[$>] ")

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        command = ["bash", "--noprofile", "--norc", "--noediting", "-i"]
        super().__init__(command, {"PS1": "$ ", "PS2": "> ", **environment}, directory)


def sessions(document: str) -> Iterator[list[Exchange]]:
    """The sessions of a document, in order."""
    for block in _FENCE.findall(document):
        exchanges: list[tuple[str, str, list[str]]] = []
        for line in block.splitlines():
            prompt = Psql.prompts.match(line) or Bash.prompts.match(line)
            if prompt is not None:
                exchanges.append((prompt[0], line[prompt.end() :], []))
            else:
                exchanges[-1][2].append(line)
        yield [Exchange(prompt, typed, "\n".join(answer)) for prompt, typed, answer in exchanges]


def matches(answer: str, printed: str) -> bool:
    """Whether an answer is what is printed, blanks at line ends aside."""
    pattern = "[^\n]+".join(re.escape(part) for part in _PLACEHOLDER.split(_trimmed(printed)))
    return re.fullmatch(pattern, _trimmed(answer)) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())
