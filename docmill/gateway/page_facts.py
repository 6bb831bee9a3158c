"""What a task's page tells beside pictures and text: facts, fields, personal data by type, timeline, seconds by stage."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote
from uuid import UUID

from docmill.services.timeline import Step, run_of
from docmill.values.jobs import JobView
from docmill.values.result_fields import ResultDocument
from docmill.values.results import Results


def task_facts(job: JobView, steps: list[Step], prefect_ui: str | None) -> str:
    """Tags, kind, options and the flow run."""
    run = run_link(run_of(steps), prefect_ui)
    facts = (
        ("Tags", ", ".join(f'<a href="/?tag={quote(tag)}">{escape(tag)}</a>' for tag in job.tags)),
        ("Collection", escape(job.collection or "")),
        ("Kind", escape((job.kind or "").replace("_", " "))),
        ("Pages", str(job.page_count or "")),
        ("Size", f"{job.size_bytes:,} bytes" if job.size_bytes else ""),
        ("Options", f"language {job.options.language}, engine {job.options.engine}, redact {'yes' if job.options.redact else 'no'}"),
        ("Flow run", run),
    )
    rows = "".join(f"<div><dt>{name}</dt><dd>{told}</dd></div>" for name, told in facts if told)
    return f'<dl class="facts">{rows}</dl>'


def run_link(run_id: str, prefect_ui: str | None) -> str:
    """A link to a flow run in Prefect's UI; its id alone where no UI is known, nothing for work that Prefect does not know."""
    try:
        UUID(run_id)
    except ValueError:
        return ""
    return f'<a href="{escape(prefect_ui)}/runs/flow-run/{run_id}">{run_id}</a>' if prefect_ui else f"<code>{run_id}</code>"


def fields_table(results: Results) -> str:
    """The fields with page and confidence."""
    rows = "".join(
        f'<tr><th scope="row">{escape(f.name.replace("_", " "))}</th><td>{escape(f.value or f.text)}</td>'
        f'<td><a href="#page-{f.page}">{f.page}</a></td><td>{f.confidence:.0%}</td></tr>'
        for f in results.fields
    )
    head = _head("Field", "Value", "Page", "Confidence")
    return f"<h3>Fields</h3><table>{head}<tbody>{rows}</tbody></table>" if rows else ""


_MAIN_FIELDS = ("document_number", "issue_date", "vendor_name")
"""What tells one document of a package from another, beside its sum."""


def parts_table(results: Results) -> str:
    """The documents of a package with their pages, kinds and main fields; empty where the file is one document."""
    rows = "".join(
        f'<tr><th scope="row"><a href="#page-{part.first_page}">{_pages(part)}</a></th><td>{escape(part.kind.name.replace("_", " "))}</td>'
        f"{''.join(f'<td>{escape(told)}</td>' for told in _main_fields(part))}</tr>"
        for part in results.parts
    )
    head = _head("Pages", "Kind", "Number", "Date", "Vendor", "Total")
    return f"<h3>Documents in this file</h3><table>{head}<tbody>{rows}</tbody></table>" if rows else ""


def _pages(part: ResultDocument) -> str:
    return str(part.first_page) if part.first_page == part.last_page else f"{part.first_page}-{part.last_page}"


def _main_fields(part: ResultDocument) -> tuple[str, ...]:
    told = {one.name: one.value or one.text for one in part.fields}
    total = f"{told['total']} {told.get('currency', '')}".rstrip() if "total" in told else ""
    return (*(told.get(name, "") for name in _MAIN_FIELDS), total)


def personal_data(results: Results) -> str:
    """How many findings there are of each type."""
    rows = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{count}</td></tr>' for name, count in results.personal_data.by_type.items())
    return f"<h3>Personal data</h3><table>{_head('Type', 'Found')}<tbody>{rows}</tbody></table>" if rows else ""


def timeline_table(steps: Sequence[Step], prefect_ui: str | None) -> str:
    """What happened, in its order."""
    rows = "".join(
        f'<tr><th scope="row">{step.at:%Y-%m-%d %H:%M:%S}</th><td>{escape(step.what.replace(".", " ").replace("_", " "))}</td>'
        f"<td>{escape(step.detail)} {run_link(step.run_id, prefect_ui)}</td><td>{escape(step.by)}</td></tr>"
        for step in steps
    )
    return f"<h3>Timeline</h3><table>{_head('Time (UTC)', 'What', 'Detail', 'By')}<tbody>{rows}</tbody></table>" if rows else ""


def stage_seconds(results: Results) -> str:
    """Seconds by stage."""
    rows = "".join(
        f'<tr><th scope="row">{escape(stage.replace("_", " "))}</th><td>{seconds:.2f} s</td></tr>'
        for stage, seconds in results.timings_s.items()
    )
    return f"<h3>Stages</h3><table>{_head('Stage', 'Work')}<tbody>{rows}</tbody></table>" if rows else ""


def _head(*names: str) -> str:
    cells = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f"<thead><tr>{cells}</tr></thead>"
