"""Tables of purchasing: requests with their approvals, order numbers, orders, matches of receipts.

What is bought is one JSON value per row (values/purchasing.py), with Decimal as text: it is written and read as a whole. What queries ask for
stands in columns. Amounts are text, because SQLite has no exact decimals.
"""

import sqlalchemy as sa

from docmill.storage.ledger.tables import ID_LENGTH, METADATA, UtcDateTime, id_key, one_of, reference, tenant_column
from docmill.values.matching import MatchOutcome, ReceiptKind
from docmill.values.order_number import MOST
from docmill.values.purchase_records import MatchDecision, PaperState, RequestState

AMOUNT_LENGTH = 32
NUMBER_LENGTH = 16

PURCHASE_REQUESTS = sa.Table(
    "purchase_requests",
    METADATA,
    tenant_column(),
    id_key("request_id"),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),  # counted from 1; a change begins the next, with no approvals
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("total", sa.String(AMOUNT_LENGTH), nullable=False),
    sa.Column("approvals_needed", sa.Integer, nullable=False),
    sa.Column("submitted_by", sa.String(ID_LENGTH), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    one_of("state", RequestState),
    sa.CheckConstraint("approvals_needed >= 1", name="approvals_needed"),
    sa.Index(None, "state", "tenant_id", "request_id"),
)

PURCHASE_APPROVALS = sa.Table(
    "purchase_approvals",
    METADATA,
    tenant_column(),
    id_key("request_id"),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),  # counted from 1
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("user_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("at", UtcDateTime, nullable=False),
    reference("purchase_requests", "request_id"),
    reference("users", "user_id"),
    one_of("verdict", ("approved", "rejected")),
)

PURCHASE_SEQUENCES = sa.Table(
    "purchase_sequences",
    METADATA,
    tenant_column(),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
    sa.CheckConstraint(f"last >= 0 AND last <= {MOST}", name="last"),
)
"""The last number given in a year. Writers lock the row, and the order is inserted in the same transaction, so no number is ever lost."""

PURCHASE_ORDERS = sa.Table(
    "purchase_orders",
    METADATA,
    tenant_column(),
    sa.Column("order_number", sa.String(NUMBER_LENGTH), primary_key=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("request_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("differences", sa.JSON, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("total", sa.String(AMOUNT_LENGTH), nullable=False),
    sa.Column("paper_state", sa.String(16), nullable=False),
    sa.Column("paper_tries", sa.Integer, nullable=False),
    sa.Column("paper_error", sa.String(32)),
    sa.Column("pdf_object", sa.Text),
    sa.Column("json_object", sa.Text),
    sa.Column("matches", sa.Integer, nullable=False),  # grows with every match, so that two cannot both count on the same open quantities
    sa.Column("created_at", UtcDateTime, nullable=False),
    reference("purchase_requests", "request_id"),
    one_of("paper_state", PaperState),
    sa.UniqueConstraint("request_id", "tenant_id"),
    sa.UniqueConstraint("year", "sequence", "tenant_id"),
    sa.Index(None, "paper_state", "tenant_id"),
)

RECEIPT_MATCHES = sa.Table(
    "receipt_matches",
    METADATA,
    tenant_column(),
    id_key("match_id"),
    # no reference to documents and jobs: what was taken of an order stays known when a document is deleted
    sa.Column("document_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("job_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("order_number", sa.String(NUMBER_LENGTH)),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("decision", sa.String(16), nullable=False),
    sa.Column("total", sa.String(AMOUNT_LENGTH)),
    sa.Column("currency", sa.String(3)),
    sa.Column("taken", sa.JSON, nullable=False),
    sa.Column("codes", sa.JSON, nullable=False),
    sa.Column("fingerprint", sa.String(ID_LENGTH)),
    sa.Column("evidence_object", sa.Text, nullable=False),
    sa.Column("task_id", sa.String(ID_LENGTH)),
    sa.Column("is_superseded", sa.Boolean, nullable=False),
    sa.Column("decided_by", sa.String(ID_LENGTH)),  # of a person; the rules' own approval has none
    sa.Column("decided_at", UtcDateTime),
    sa.Column("reason_object", sa.Text),  # private: what people write may repeat the document
    sa.Column("created_at", UtcDateTime, nullable=False),
    reference("purchase_orders", "order_number"),
    one_of("kind", ReceiptKind),
    one_of("outcome", MatchOutcome),
    one_of("decision", MatchDecision),
    sa.UniqueConstraint("job_id", "tenant_id"),
    sa.Index(None, "document_id"),
    sa.Index(None, "order_number"),
    sa.Index(None, "fingerprint"),
    sa.Index(None, "decision", "tenant_id"),
)
