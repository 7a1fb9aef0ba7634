"""First tables: inventory, judgement, alerts.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_hi", sa.String(), server_default="", nullable=False),
        sa.Column("name_pa", sa.String(), server_default="", nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("code_source", sa.String(), server_default="", nullable=False),
        sa.Column("census_code", sa.String(), server_default="", nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("served_by", sa.String(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent"], ["area.key"], name=op.f("fk_area_parent"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_area")),
    )
    op.create_index(op.f("ix_area_level"), "area", ["level"], unique=False)
    op.create_index(op.f("ix_area_parent"), "area", ["parent"], unique=False)
    op.create_index(op.f("ix_area_path"), "area", ["path"], unique=False)
    op.create_table(
        "credential",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("community", sa.String(), server_default="", nullable=False),
        sa.Column("user", sa.String(), server_default="", nullable=False),
        sa.Column("auth_protocol", sa.String(), server_default="", nullable=False),
        sa.Column("auth", sa.String(), server_default="", nullable=False),
        sa.Column("priv_protocol", sa.String(), server_default="", nullable=False),
        sa.Column("priv", sa.String(), server_default="", nullable=False),
        sa.Column("key_file", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_credential")),
    )
    op.create_table(
        "endpoint",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_hi", sa.String(), server_default="", nullable=False),
        sa.Column("name_pa", sa.String(), server_default="", nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_endpoint")),
    )
    op.create_table(
        "inventory_import",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_import")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("root", sa.Boolean(), nullable=False),
        sa.Column("explained_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("segment", sa.String(), server_default="[]", nullable=False),
        sa.Column("ring", sa.String(), server_default="", nullable=False),
        sa.Column("responsible", sa.String(), nullable=False),
        sa.Column("villages", sa.Integer(), nullable=False),
        sa.Column("citizens", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["explained_by"], ["outage.id"], name=op.f("fk_outage_explained_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outage_open", "outage", ["to_at"], unique=False)
    op.create_index("ix_outage_subject", "outage", ["subject_kind", "subject", "from_at"], unique=False)
    op.create_table(
        "service",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_hi", sa.String(), server_default="", nullable=False),
        sa.Column("name_pa", sa.String(), server_default="", nullable=False),
        sa.Column("department", sa.String(), server_default="", nullable=False),
        sa.Column("channels", sa.String(), server_default="", nullable=False),
        sa.Column("bandwidth_kbps", sa.Integer(), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("loss_percent", sa.Float(), nullable=True),
        sa.Column("peripherals", sa.String(), server_default="", nullable=False),
        sa.Column("endpoints", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_service")),
    )
    op.create_table(
        "source",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("licence", sa.String(), server_default="", nullable=False),
        sa.Column("attribution", sa.String(), server_default="", nullable=False),
        sa.Column("remark_en", sa.String(), server_default="", nullable=False),
        sa.Column("remark_hi", sa.String(), server_default="", nullable=False),
        sa.Column("remark_pa", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_source")),
    )
    op.create_table(
        "transition",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("from_status", sa.String(), nullable=False),
        sa.Column("to_status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), server_default="", nullable=False),
        sa.Column("evidence", sa.String(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_transition_at", "transition", ["at"], unique=False)
    op.create_index("ix_transition_subject", "transition", ["subject_kind", "subject", "at"], unique=False)
    op.create_table(
        "watch",
        sa.Column("collector", sa.String(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("collector", name=op.f("pk_watch")),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("outage", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["outage"], ["outage.id"], name=op.f("fk_alert_outage")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint(
            "rule", "subject_kind", "subject", "opened_at", name=op.f("uq_alert_rule_subject_kind_subject_opened_at")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_open", "alert", ["resolved_at"], unique=False)
    op.create_table(
        "boundary",
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["area"], ["area.key"], name=op.f("fk_boundary_area")),
        sa.PrimaryKeyConstraint("area", name=op.f("pk_boundary")),
    )
    op.create_table(
        "site",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_hi", sa.String(), server_default="", nullable=False),
        sa.Column("name_pa", sa.String(), server_default="", nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("feeder", sa.String(), server_default="", nullable=False),
        sa.Column("hours", sa.String(), server_default="", nullable=False),
        sa.Column("planned_by", sa.String(), server_default="", nullable=False),
        sa.Column("approximate", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["area"], ["area.key"], name=op.f("fk_site_area")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_site")),
    )
    op.create_index(op.f("ix_site_area"), "site", ["area"], unique=False)
    op.create_table(
        "state",
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), server_default="", nullable=False),
        sa.Column("outage", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("transition", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["outage"], ["outage.id"], name=op.f("fk_state_outage")),
        sa.PrimaryKeyConstraint("subject_kind", "subject", name=op.f("pk_state")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("alert", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("claim", sa.String(), server_default="", nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.String(), server_default="", nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_delivery_alert")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("alert", "event", "channel", name=op.f("uq_delivery_alert_event_channel")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_delivery_due", "delivery", ["state", "next_at"], unique=False)
    op.create_table(
        "device",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("device_type", sa.String(), server_default="", nullable=False),
        sa.Column("manufacturer", sa.String(), server_default="", nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("primary_ip", sa.String(), server_default="", nullable=False),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("profile", sa.String(), server_default="", nullable=False),
        sa.Column("credential", sa.String(), server_default="", nullable=False),
        sa.Column("interval_s", sa.Integer(), nullable=True),
        sa.Column("reference", sa.Boolean(), nullable=False),
        sa.Column("seen_through", sa.String(), server_default="", nullable=False),
        sa.Column("seen_as", sa.String(), server_default="", nullable=False),
        sa.Column("serial", sa.String(), server_default="", nullable=False),
        sa.Column("planned_by", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.name"], name=op.f("fk_device_site")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_device")),
    )
    op.create_index(op.f("ix_device_site"), "device", ["site"], unique=False)
    op.create_table(
        "link",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("a_device", sa.String(), nullable=False),
        sa.Column("a_port", sa.String(), server_default="", nullable=False),
        sa.Column("b_device", sa.String(), nullable=False),
        sa.Column("b_port", sa.String(), server_default="", nullable=False),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("length_km", sa.Float(), nullable=True),
        sa.Column("ring", sa.String(), server_default="", nullable=False),
        sa.Column("trunk", sa.String(), server_default="", nullable=False),
        sa.Column("planned_by", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["a_device"], ["device.name"], name=op.f("fk_link_a_device")),
        sa.ForeignKeyConstraint(["b_device"], ["device.name"], name=op.f("fk_link_b_device")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_a_device"), "link", ["a_device"], unique=False)
    op.create_index(op.f("ix_link_b_device"), "link", ["b_device"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_link_b_device"), table_name="link")
    op.drop_index(op.f("ix_link_a_device"), table_name="link")
    op.drop_table("link")
    op.drop_index(op.f("ix_device_site"), table_name="device")
    op.drop_table("device")
    op.drop_index("ix_delivery_due", table_name="delivery")
    op.drop_table("delivery")
    op.drop_table("state")
    op.drop_index(op.f("ix_site_area"), table_name="site")
    op.drop_table("site")
    op.drop_table("boundary")
    op.drop_index("ix_alert_open", table_name="alert")
    op.drop_table("alert")
    op.drop_table("watch")
    op.drop_index("ix_transition_subject", table_name="transition")
    op.drop_index("ix_transition_at", table_name="transition")
    op.drop_table("transition")
    op.drop_table("source")
    op.drop_table("service")
    op.drop_index("ix_outage_subject", table_name="outage")
    op.drop_index("ix_outage_open", table_name="outage")
    op.drop_table("outage")
    op.drop_table("inventory_import")
    op.drop_table("endpoint")
    op.drop_table("credential")
    op.drop_index(op.f("ix_area_path"), table_name="area")
    op.drop_index(op.f("ix_area_parent"), table_name="area")
    op.drop_index(op.f("ix_area_level"), table_name="area")
    op.drop_table("area")
