"""The MCP server: a user's or a workspace's memory as tools for any host that speaks the Model Context Protocol."""

from importlib.util import find_spec

from semmem import MissingExtra
from semmem.integrations import require

require("mcp", "the MCP server")
if find_spec("mcp.server.mcpserver") is None:  # a release before 2.0, as CrewAI pins it
    raise MissingExtra("mcp", "the MCP server")
