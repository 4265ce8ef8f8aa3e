"""pg-orchestrator: workflows that guard and follow every write to a PostgreSQL table."""

__all__ = ["__version__"]

__version__ = "0.1.0"
