"""A crew in a process of its own: learns something and ends. Arguments: the model's URL, and the settings."""

import ast
import os
import sys

os.environ.update(CREWAI_DISABLE_TELEMETRY="true", OTEL_SDK_DISABLED="true", CREWAI_TRACING_ENABLED="false")


def main(model_url: str, settings: str) -> None:
    from crewai import LLM, Agent, Crew, Task

    from semmem.integrations.crewai import SemmemMemory

    agent = Agent(
        role="Researcher",
        goal="help",
        backstory="Helpful.",
        llm=LLM(model="openai/gpt-4o-mini", base_url=model_url, api_key="unused"),
    )
    task = Task(description="Find out when the warehouse closes.", expected_output="a time", agent=agent)
    memory = SemmemMemory(tenant="acme", user="alice", **ast.literal_eval(settings))
    Crew(agents=[agent], tasks=[task], memory=memory).kickoff()


if __name__ == "__main__":
    main(*sys.argv[1:])
