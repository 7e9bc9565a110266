-- A report that others made too outlives the agent that was first: it becomes the first witness's.
grant update (agent, agent_type, body_hash) on semmem.events to semmem_app;
