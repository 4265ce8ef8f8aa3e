"""Programs run here: decisions only, no clock, no socket, no environment. Standard library only."""
