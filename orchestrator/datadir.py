"""The data directory of `orchestrator up`: secrets, what runs, and where the server's files are."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from orchestrator.cluster import ServerUser
from orchestrator.errors import ConflictError, InvalidError, NotFoundError
from orchestrator.processes import Process, alive

__all__ = ["DataDirectory", "Secrets", "State"]

#: for data that the server's user could not reach below a closed directory
_ELSEWHERE = Path("/var/lib/pg-orchestrator")


@dataclass(slots=True)
class Secrets:
    """Passwords, generated once."""

    superuser: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    service: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    root_username: str = ""
    root_email: str = ""
    root_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))


@dataclass(slots=True)
class State:
    """What was started, by name: up (a command in the foreground), postgres, api, worker-1, …"""

    home: str
    pg_port: int = 0
    api_port: int = 0
    processes: dict[str, Process] = field(default_factory=dict)

    def running(self) -> dict[str, Process]:
        return {name: process for name, process in self.processes.items() if alive(process)}


class DataDirectory:
    """A directory of the caller's; what the server needs lies in `State.home`, mostly the same one."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def secrets_file(self) -> Path:
        return self.path / "secrets.json"

    @property
    def _state_file(self) -> Path:
        return self.path / "state.json"

    def create(self, user: ServerUser) -> State:
        """Make the directory, unless it is, and settle where the server's files go."""
        if not self.path.exists():
            self.path.mkdir(parents=True)
            self.path.chmod(0o755)
        if self._state_file.exists():
            return self.state()
        home = self.path
        if not user.can_enter(self.path):
            digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:8]
            home = _ELSEWHERE / f"{self.path.parent.name}-{digest}"
            _ELSEWHERE.mkdir(exist_ok=True)
            _ELSEWHERE.chmod(0o755)
        state = State(str(home))
        self.save(state)
        return state

    def state(self) -> State:
        if not self._state_file.exists():
            raise NotFoundError(f'nothing was started in "{self.path}": run orchestrator up')
        with _understood(self._state_file):
            loaded = json.loads(self._state_file.read_text(encoding="utf-8"))
            loaded["processes"] = {name: Process(*process) for name, process in loaded["processes"].items()}
            return State(**loaded)

    def save(self, state: State) -> None:
        self._write(self._state_file, asdict(state), 0o644)

    def secrets(self) -> Secrets:
        """The passwords, generated at first use."""
        if self.secrets_file.exists():
            with _understood(self.secrets_file):
                return Secrets(**json.loads(self.secrets_file.read_text(encoding="utf-8")))
        made = Secrets()
        self.save_secrets(made)
        return made

    def save_secrets(self, made: Secrets) -> None:
        self._write(self.secrets_file, asdict(made), 0o600)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One command at a time starts or stops something here."""
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConflictError(f'another command is starting or stopping what is in "{self.path}"') from None
            yield

    def _write(self, path: Path, content: object, mode: int) -> None:
        staging = path.with_suffix(".new")
        staging.unlink(missing_ok=True)
        with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            # or a crash of the machine leaves an empty file under the new name
            file.flush()
            os.fsync(file.fileno())
        staging.replace(path)


@contextmanager
def _understood(path: Path) -> Iterator[None]:
    """Reading a file that somebody else may have written to."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidError(
            f'"{path}" is not what orchestrator up has written: put it back, or start elsewhere'
        ) from None
