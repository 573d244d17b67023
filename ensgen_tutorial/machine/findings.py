"""What the doctor says of one thing, and how it prints what it says."""

from dataclasses import dataclass

from .output import say


@dataclass(frozen=True)
class Finding:
    """One thing the doctor looked at: ``state`` is "ok", "note" or "problem"."""

    name: str
    state: str
    found: str
    advice: str = ""


def print_findings(findings):
    """Print findings and what to do first; 1 if there is a problem."""
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        say(f"{finding.state:<7}  {finding.name:<{width}}  {finding.found}")
        if finding.advice:
            say(f"{'':<{9 + width}}  {finding.advice}")
    problems = [finding for finding in findings if finding.state == "problem"]
    if problems:
        first = problems[0]
        say(f"\n{len(problems)} to mend, first {first.name}: {first.advice}")
    else:
        say("\nEverything that the lessons need is there.")
    return 1 if problems else 0
