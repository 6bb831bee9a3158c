"""Tables of what happened: the append-only audit chain and the outbox. Their rows hold ids, states and codes, never names."""

import sqlalchemy as sa

from docmill.storage.ledger.tables import METADATA, SHA256_LENGTH, UtcDateTime, id_key, tenant_column

AUDIT_EVENTS = sa.Table(
    "audit_events",
    METADATA,
    tenant_column(),
    sa.Column("stream", sa.String(64), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),  # counted from 1 without a gap
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("prev_hash", sa.String(SHA256_LENGTH), nullable=False),
    sa.Column("hash", sa.String(SHA256_LENGTH), nullable=False),
    sa.Index(None, "at"),
)
"""Triggers of the first migration refuse UPDATE and DELETE."""

AUDIT_HEADS = sa.Table(
    "audit_heads",
    METADATA,
    tenant_column(),
    sa.Column("stream", sa.String(64), primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("hash", sa.String(SHA256_LENGTH), nullable=False),
)
"""The last event of each stream: the row writers lock, and what shows that events were cut off at the end."""

AUDIT_SIGNATURES = sa.Table(
    "audit_signatures",
    METADATA,
    tenant_column(),
    sa.Column("number", sa.Integer, primary_key=True),  # counted from 1 without a gap
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("streams", sa.Integer, nullable=False),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("heads", sa.Text, nullable=False),  # JSON: the heads that changed since the signature before
    sa.Column("prev_signature", sa.Text, nullable=False),
    sa.Column("public_key", sa.String(64), nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)
"""Signed stream heads, hourly: who rewrites events, heads and chain together has not the key to sign them again."""

OUTBOX = sa.Table(
    "outbox",
    METADATA,
    tenant_column(),
    id_key("event_id"),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("next_try", UtcDateTime, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("delivered_at", UtcDateTime),
    sa.Index(None, "delivered_at", "next_try"),
)
