"""The tables of the outbox, and what each version has that the one before had not."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

TABLES = MetaData()

REFERRALS = Table(
    "referrals",
    TABLES,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("cms", LargeBinary, nullable=False),
    Column("token", String, nullable=False),
    Column("scheme", String, nullable=False),
    Column("accepted", Float, nullable=False),
    Column("paced", Boolean, nullable=False),
    Column("due", Float, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("state", String, nullable=False, default="waiting"),
    Column("settled", Float),
    Column("reason", String, nullable=False, default=""),
    Column("tried", Float),  # for the first time
)
Index("next_up", REFERRALS.c.state, REFERRALS.c.due, REFERRALS.c.number)
Index("oldest", REFERRALS.c.state, REFERRALS.c.accepted)
Index("last_paced", REFERRALS.c.paced, REFERRALS.c.state, REFERRALS.c.due)
# Running numbers go on after the rows are gone, and leave no gap when a transaction fails.
NUMBERS = Table("numbers", TABLES, Column("last", Integer, nullable=False))
# Every drill of the last year; what it mails is a row above, under the same number below zero.
DRILLS = Table(
    "drills",
    TABLES,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("made", Float, nullable=False),
    Column("sealed_for", String, nullable=False),
    Column("sent", Float),
    Column("code", LargeBinary),  # hashed
    Column("wrong", Integer, nullable=False, default=0),
    Column("confirmed", Float),
)
# When a delivery process last said that it is at work.
DELIVERIES = Table("delivery", TABLES, Column("seen", Float, nullable=False))
# What was sent, by a key that says nothing of it.
RECEIPTS = Table(
    "receipts",
    TABLES,
    Column("key", LargeBinary, primary_key=True),
    Column("reference", String, nullable=False),
    Column("accepted", Float, nullable=False, index=True),
)
# Where a move has closed this: the same mark in both databases until the other is open.
MOVED = Table(
    "moved",
    TABLES,
    Column("mark", String, nullable=False),
    Column("to", String, nullable=False),  # "" in the one that takes it
)

# What each version of the tables has that the one before had not.
UPGRADES: Final = (
    "ALTER TABLE referrals ADD COLUMN tried FLOAT",
    "DROP TABLE IF EXISTS drills",  # then made again; before, drills took numbers of referrals
    'CREATE TABLE moved (mark VARCHAR NOT NULL, "to" VARCHAR NOT NULL)',
)
