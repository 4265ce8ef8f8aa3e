"""Publishing: workflows of a table become programs, a plan, and the functions behind its triggers."""
