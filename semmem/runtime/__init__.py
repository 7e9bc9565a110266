"""What keeps a process going: deadlines, breakers, forks, faults that are told once."""
