"""`docmill purchasing ...`: requests, approvals, orders, receipts and reports."""

import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.errors import InvalidOptions, NotFound
from docmill.services.purchasing import desk, match_deciding, matching, ordering, papers
from docmill.services.purchasing.explaining import explain
from docmill.services.purchasing.waiting import look, look_at_all
from docmill.services.running.room import Room
from docmill.storage.ledger import receipt_matches
from docmill.values.purchase_records import MatchDecision, MatchView, OrderView, RequestState, RequestView

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
By = Annotated[str, typer.Option("--by", help="Id of the user who does this.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many, newest first.")]
RequestId = Annotated[str, typer.Argument(help="Id of the request.", metavar="REQUEST")]
MatchId = Annotated[str, typer.Argument(help="Id of the match.", metavar="MATCH")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]
ContentFile = Annotated[
    Path, typer.Argument(help="JSON of what is asked for; - reads stdin. docs/purchasing.md has its shape.", metavar="FILE")
]


def add_to(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        name="purchasing", no_args_is_help=True, rich_markup_mode=None, help="Purchase requests, orders and their receipts."
    )
    for command in (create, change, approve, reject, show, finish, match, accept, refuse, report, sample_invoice):
        group.command()(command)
    group.command("list")(list_requests)
    group.command("orders")(list_orders)
    group.command("receipts")(list_receipts)
    app.add_typer(group)


def create(file: ContentFile, *, by: By = "local") -> None:
    """Submit a purchase request from JSON; prints its id."""
    content = desk.read_content(_read(file))
    with room() as opened:
        typer.echo(desk.submit(opened, content, by=by).request_id)


def change(request: RequestId, file: ContentFile, *, by: By = "local") -> None:
    """Replace what a request asks for; it needs all its approvals again."""
    content = desk.read_content(_read(file))
    with room() as opened:
        _say(desk.change(opened, request, content, by=by))


def approve(request: RequestId, *, by: By = "local") -> None:
    """Give one approval; the last one makes the order, once its attachments are read or the wait for them is over."""
    with room() as opened:
        _say(desk.approve(opened, request, by=by))


def reject(request: RequestId, reason: Why, *, by: By = "local") -> None:
    """Refuse a request."""
    with room() as opened:
        _say(desk.reject(opened, request, by=by, reason=reason))


def show(what: Annotated[str, typer.Argument(help="Id of a request or match, or an order's number.", metavar="ID")]) -> None:
    """Print a request, an order with a link to its PDF, or a match with its evidence as JSON."""
    with room() as opened:
        if what.upper().startswith("PO-"):
            order = ordering.order_view(opened.ledger, opened.tenant, what.upper())
            show_json({"order": _plain(order), "pdf_url": papers.paper_link(opened, order) if order.pdf_object else None})
        elif (found := _match(opened, what)) is not None:
            why = explain(opened, found)
            evidence = why.evidence.model_dump(mode="json") if why.evidence else None
            show_json({"match": _plain(found), "evidence": evidence, "is_reproduced": why.reproduced, "reason": why.reason})
        else:
            show_json(look(opened, what))


def list_requests(*, limit: Limit = 50, as_json: Json = False) -> None:
    """List requests, newest first."""
    with room() as opened:
        found = look_at_all(opened, limit=limit)
    if as_json:
        show_json(found)
        return
    rows = [
        (r.request_id, r.state, r.content.vendor.name, f"{r.content.total:,.2f} {r.content.currency}", _order_of(r), _steps(r))
        for r in found
    ]
    show_table("Purchase requests", ("request", "state", "vendor", "total", "order", "approvals"), rows)


def list_orders(*, limit: Limit = 50, as_json: Json = False) -> None:
    """List orders, newest first."""
    with room() as opened:
        found = ordering.list_orders(opened.ledger, opened.tenant, limit=limit)
    if as_json:
        show_json(found)
        return
    rows = [
        (o.order_number, o.content.vendor.name, f"{o.content.total:,.2f} {o.content.currency}", o.paper_state, str(len(o.differences)))
        for o in found
    ]
    show_table("Purchase orders", ("order", "vendor", "total", "PDF", "differences"), rows)


def list_receipts(
    *,
    limit: Limit = 50,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that wait for a person.")] = False,
    as_json: Json = False,
) -> None:
    """List compared receipts, newest first."""
    with room() as opened:
        found = matching.list_matches(opened, limit=limit, only_open=only_open)
    if as_json:
        show_json(found)
        return
    rows = [
        (m.match_id, m.document_id[:12], m.order_number or "", m.outcome, f"{m.score:.2f}", m.decision, ", ".join(m.codes)) for m in found
    ]
    show_table("Receipts", ("match", "document", "order", "outcome", "score", "decision", "findings"), rows)


def finish() -> None:
    """Make orders and PDFs that a crash or a failure left; names the requests that wait for a proforma, which are left to wait."""
    with room() as opened:
        for order in ordering.finish_orders(opened):
            typer.echo(f"{order.order_number} {order.paper_state}")
        for one in look_at_all(opened, (RequestState.APPROVED,), limit=1000):
            if one.proforma_wait:
                _say(one)


def match(
    document: Annotated[
        str | None, typer.Argument(help="Document id; without one, every receipt that was never compared.", metavar="[DOCUMENT]")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Compare receipts with their orders."""
    with room() as opened:
        found = [matching.match_document(opened, document)] if document else matching.match_open(opened)
    if as_json:
        show_json(found)
    else:
        for one in found:
            _say_match(one)


def accept(match_id: MatchId, reason: Why, *, by: By = "local") -> None:
    """Accept a receipt that waits for a person: its quantities count."""
    with room() as opened:
        _say_match(match_deciding.decide_match(opened, match_id, MatchDecision.ACCEPTED, by=by, reason=reason))


def refuse(match_id: MatchId, reason: Why, *, by: By = "local") -> None:
    """Refuse a receipt that waits for a person."""
    with room() as opened:
        _say_match(match_deciding.decide_match(opened, match_id, MatchDecision.REJECTED, by=by, reason=reason))


def report(
    name: Annotated[str, typer.Argument(help="open-orders, unmatched-receipts, spend-by-vendor or matching-quality.", metavar="REPORT")],
    *,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write CSV into this file.")] = None,
    parquet: Annotated[Path | None, typer.Option("--parquet", help="Write Parquet into this file.")] = None,
) -> None:
    """Print a report as CSV, or write it into files."""
    from docmill.services.purchasing import reports  # noqa: PLC0415 - pandas loads only here

    with room() as opened:
        frame = reports.report(opened, name)
    if csv is None and parquet is None:
        typer.echo(reports.report_bytes(frame, "csv").decode(), nl=False)
    for path, form in ((csv, "csv"), (parquet, "parquet")):
        if path is not None:
            _write(path, reports.report_bytes(frame, form))


def sample_invoice(
    order: Annotated[str, typer.Argument(help="Number of an order.", metavar="ORDER")],
    file: Annotated[Path, typer.Argument(help="Where the PDF goes.", metavar="FILE")],
    *,
    number: Annotated[str, typer.Option("--number", help="The invoice's own number.")] = "R-1001",
    dearer: Annotated[float, typer.Option("--dearer", help="So much is added to the first line's unit price.")] = 0.0,
    layout: Annotated[str, typer.Option("--layout", help="english or german.")] = "english",
    clean: Annotated[bool, typer.Option("--clean", help="A PDF with text instead of a noisy scan.")] = False,
) -> None:
    """Print the invoice that an honest supplier would send for an order, as a noisy scan: to try out matching."""
    from docmill.services.samples import supplier  # noqa: PLC0415 - numpy and Pillow load only here

    if layout not in supplier.LAYOUTS:
        raise InvalidOptions(f"the layout is one of {', '.join(supplier.LAYOUTS)}")
    with room() as opened:
        found = ordering.order_view(opened.ledger, opened.tenant, order.upper())
    invoice = supplier.invoice_for(found, number, dearer=Decimal(str(dearer)))
    printing = supplier.invoice_pdf if clean else supplier.invoice_scan
    printing(file, invoice, "german" if layout == "german" else "english")


def _match(opened: Room, match_id: str) -> MatchView | None:
    with opened.ledger.reading() as conn:
        return receipt_matches.find(conn, opened.tenant, match_id)


def _plain(view: OrderView | MatchView) -> dict[str, object]:
    return view.model_dump(mode="json")


def _steps(request: RequestView) -> str:
    given = sum(one.revision == request.revision and one.verdict == "approved" for one in request.approvals)
    return f"{given}/{request.approvals_needed}"


def _order_of(request: RequestView) -> str:
    return request.order_number or ("waits for its proforma" if request.proforma_wait else "")


def _say(request: RequestView) -> None:
    ordered = f", order {request.order_number}" if request.order_number else ""
    if request.proforma_wait:
        ordered = f", its order waits for the proforma to be read, until {request.proforma_wait.until:%Y-%m-%d %H:%M:%S} UTC at the longest"
    typer.echo(f"{request.request_id} {request.state}, approvals {_steps(request)}{ordered}")


def _say_match(one: MatchView) -> None:
    typer.echo(
        f"{one.match_id} {one.order_number or 'no order'} {one.outcome} {one.score:.2f} {one.decision} {', '.join(one.codes)}".rstrip()
    )


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError:
        raise NotFound("the file with the request cannot be read") from None


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InvalidOptions(f"the report cannot be written ({error.strerror})") from None
