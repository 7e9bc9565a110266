"""The embedded Qdrant engine, behind the part of its HTTP interface that semmem uses."""
