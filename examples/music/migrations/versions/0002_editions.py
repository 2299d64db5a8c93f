"""Editions of plays, so that another time zone is made beside the one that counts.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-21 19:40:00

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEYS = {
    "day_total": ["day"],
    "month_hour": ["month", "weekday", "hour"],
    "month_track": ["month", "track_id"],
    "year_track": ["year", "track_id"],
    "track_total": ["track_id"],
}
INDEXES = {
    "ix_play_by_day": [
        "day", "track_id", "artist_id", "album_id", "ms_played", "skipped", "device", "hour",
    ],
    "ix_play_by_track": [
        "track_id", "day", "artist_id", "album_id", "ms_played", "skipped", "device",
    ],
    "ix_play_by_artist": [
        "artist_id", "day", "track_id", "album_id", "ms_played", "skipped", "device",
    ],
}  # fmt: skip
UNIQUE = ["played_at", "track_id", "ms_played"]


def upgrade():
    op.create_table(
        "zone_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_zone_change_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone_change")),
        sa.UniqueConstraint("user_id", name=op.f("uq_zone_change_user_id")),
    )
    change(["user_id", "edition"], add=True)


def downgrade():
    # What does not count has no place where there is one edition only.
    for table in ("play", *KEYS):
        op.execute(
            f"DELETE FROM {table} WHERE edition <>"  # noqa: S608 - names of ours
            f' (SELECT edition FROM "user" WHERE "user".id = {table}.user_id)'
        )
    change(["user_id"], add=False)
    op.drop_table("zone_change")


def change(owner, *, add):
    """Begin every key with the columns that say whose it is, with the edition or without."""
    # Those that are there have the edition 1.
    column = sa.Column("edition", sa.Integer(), nullable=False, server_default="1")

    def begin(batch_op):
        if add:
            batch_op.add_column(column.copy())

    def end(table):
        # A new row has to say which edition it is of.
        with op.batch_alter_table(table) as batch_op:
            if add:
                batch_op.alter_column("edition", server_default=None)
            else:
                batch_op.drop_column("edition")

    # Changed as it stands: SQLite would make it anew, and with the old one everything would go that
    # belongs to a user. So the default stays.
    if add:
        op.add_column("user", column.copy())
    else:
        op.execute('ALTER TABLE "user" DROP COLUMN edition')

    with op.batch_alter_table("play") as batch_op:
        for name in INDEXES:
            batch_op.drop_index(name)
    before, after = (["user_id"], owner) if add else (["user_id", "edition"], owner)
    with op.batch_alter_table("play") as batch_op:
        begin(batch_op)
        batch_op.drop_constraint(name_of(before), type_="unique")
        batch_op.create_unique_constraint(name_of(after), [*after, *UNIQUE])
    end("play")
    with op.batch_alter_table("play") as batch_op:
        for name, columns in INDEXES.items():
            batch_op.create_index(name, [*owner, *columns], unique=False)

    for table, key in KEYS.items():
        with op.batch_alter_table(table) as batch_op:
            begin(batch_op)
            batch_op.drop_constraint(f"pk_{table}", type_="primary")
            batch_op.create_primary_key(f"pk_{table}", [*owner, *key])
        end(table)


def name_of(owner):
    return "_".join(["uq_play", *owner, *UNIQUE])
