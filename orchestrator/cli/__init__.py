"""The command line: one module per group of commands."""

from orchestrator.cli.app import main

__all__ = ["main"]
