"""Tables of who works here and where documents come from: tenants, users, API keys, sources, idempotency keys."""

import sqlalchemy as sa

from docmill.storage.ledger.tables import (
    ID_LENGTH,
    METADATA,
    NAME_LENGTH,
    SHA256_LENGTH,
    TENANT_LENGTH,
    UtcDateTime,
    id_key,
    one_of,
    reference,
    tenant_column,
)

ROLES = ("viewer", "reviewer", "buyer", "approver", "admin")
"""What a user may be, from least to most."""

TENANTS = sa.Table(
    "tenants",
    METADATA,
    sa.Column("tenant_id", sa.String(TENANT_LENGTH), primary_key=True),
    sa.Column("name", sa.String(NAME_LENGTH), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

USERS = sa.Table(
    "users",
    METADATA,
    tenant_column(),
    id_key("user_id"),
    sa.Column("name", sa.String(NAME_LENGTH), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("disabled_at", UtcDateTime),
    one_of("role", ROLES),
)

API_KEYS = sa.Table(
    "api_keys",
    METADATA,
    tenant_column(),
    id_key("key_id"),
    sa.Column("user_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("name", sa.String(NAME_LENGTH), nullable=False),
    sa.Column("key_hash", sa.String(SHA256_LENGTH), nullable=False, unique=True),  # the key itself is shown once and never kept
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    reference("users", "user_id"),
)

SOURCES = sa.Table(
    "sources",
    METADATA,
    tenant_column(),
    id_key("source_id"),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("scanned_at", UtcDateTime),
    one_of("kind", ("folder", "bucket")),
)

IDEMPOTENCY_KEYS = sa.Table(
    "idempotency_keys",
    METADATA,
    tenant_column(),
    sa.Column("idempotency_key", sa.String(NAME_LENGTH), primary_key=True),
    sa.Column("request_digest", sa.String(SHA256_LENGTH), nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("response", sa.JSON(none_as_null=True)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
)
