"""What CrewAI's own memory costs, finds and leaks, beside ours."""
