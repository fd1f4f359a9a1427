"""The numbers that rooms hold apart from each other, and how they must relate.

Each is right by itself in its own room's tests, many of which put a smaller one in its place so
that nobody waits. Here they are as they are shipped, next to those they depend on.
"""

# ruff: noqa: SLF001 (the numbers are the rooms' own, and are looked at and not used)

import re
from typing import Final

import pytest
from support.front import SHIPPED
from udvej import database, health, shared_counts
from udvej.commands import drill
from udvej.durations import DAY, HOUR, MINUTE
from udvej.intake import drafts, submission
from udvej.intake.form import ReferralForm
from udvej.intake.questions import ContactField, Line
from udvej.outbox import delivery, drills, keys, mail, receipts, recipients, table
from udvej.postgresql import connections
from udvej.server import granian, processes, supervised
from udvej.web import app, bodies, reader, referral

NGINX: Final = (SHIPPED / "nginx" / "udvej.conf").read_text("utf-8")
UNITS: Final = {"k": 2**10, "m": 2**20, "s": 1}


def nginx(directive: str) -> int:
    """What nginx is told once, in bytes or seconds."""
    (value,) = re.findall(rf"^ *{directive} ([0-9]+[kms]);", NGINX, re.MULTILINE)
    return int(value[:-1]) * UNITS[value[-1]]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (mail._TIMEOUT_SECONDS, 30),
        (table._LEASE, 5 * MINUTE),
        (table._FIRST_RETRY, 30),
        (table._LONGEST_RETRY, HOUR),
        (table._GIVE_UP, 5 * DAY),
        (table.PACE, MINUTE),
        (table.MOST_BYTES, 256 * 2**20),
        (table._SHARE_OF_PACED, 0.75),
        (receipts.SENT_ONCE, DAY),
        (drills._CODE_COUNTS, 7 * DAY),
        (drills._MOST_WRONG, 10),
        (drills._AHEAD, 3 * DAY),
        (receipts._CROWD, 300),
        (referral._RECEIPT_SHOWN, 15 * MINUTE),
        (drafts.KEPT, 15 * MINUTE),
        (drafts.MOST_BYTES, 64 * 2**20),
        (delivery._PAUSE_SECONDS, 1),
        (delivery._FORGET_EVERY_SECONDS, MINUTE),
        (database.PATIENCE, 10),
        (shared_counts._PATIENCE_SECONDS, 0.2),
        (shared_counts._PAUSE_SECONDS, 5),
        (supervised._RESTART_SECONDS, 1),
        (submission._FASTEST, 3),
        (reader._LARGEST_BODY, 512 * 2**10),
        (app._DRAFTS.amount, 4096),
        (app._POSTS.amount, 600),
    ],
)
def test_what_other_tests_replace_is_what_readme_and_security_say(
    number: float, expected: float
) -> None:
    """A person waits for it, or is promised it."""
    assert number == expected


def test_a_mail_server_that_stays_silent_is_given_up_well_before_the_lease_ends() -> None:
    """Else another process would mail the same meanwhile."""
    assert mail._TIMEOUT_SECONDS * 2 < table._LEASE


def test_a_silent_mail_server_holds_back_neither_a_stop_nor_a_drill() -> None:
    """The mail in hand is let through before the process is killed."""
    assert mail._TIMEOUT_SECONDS < supervised._STOP_SECONDS
    assert mail._TIMEOUT_SECONDS + delivery._PAUSE_SECONDS < drill._PATIENCE_SECONDS


def test_workers_have_ended_when_the_delivery_is_waited_for() -> None:
    """They are stopped at the same time, and the longer of the two is what counts."""
    assert granian._BEGIN_SECONDS + processes._WORKER_STOP_SECONDS < supervised._STOP_SECONDS


def test_senders_that_stall_leave_threads_for_the_pages_and_for_leaving() -> None:
    """More than one, since the other is answering somebody."""
    assert bodies.MOST_AT_ONCE + 1 < processes._THREADS


def test_every_thread_of_a_worker_finds_a_connection_to_postgresql() -> None:
    """Else those who read wait for those who write."""
    assert connections._CONNECTIONS >= processes._THREADS


def test_tries_grow_and_end() -> None:
    """Monitoring is told before the longest pause has passed twice, and long before the end."""
    assert table._FIRST_RETRY < table._LEASE < table._LONGEST_RETRY < table._GIVE_UP
    assert table._LONGEST_RETRY <= health._WAITED_TOO_LONG <= 2 * table._LONGEST_RETRY
    assert health._WAITED_TOO_LONG < table._GIVE_UP


def test_a_delivery_that_is_held_by_a_slow_mail_server_has_not_stopped() -> None:
    """It says that it is at work each minute, between two mails."""
    stages = 8  # of a conversation, from the greeting to the final dot
    longest = delivery._FORGET_EVERY_SECONDS + stages * mail._TIMEOUT_SECONDS
    assert longest < health._STOPPED < health._WAITED_TOO_LONG


def test_a_receipt_is_there_for_as_long_as_it_is_shown() -> None:
    """And what was sent is known for longer than anybody can see that it was."""
    assert referral._RECEIPT_SHOWN <= receipts.SENT_ONCE
    assert drafts.KEPT <= receipts.SENT_ONCE


def test_each_thing_is_gone_soon_after_its_time() -> None:
    """What is kept for minutes is swept each minute."""
    shortest = min(drafts.KEPT, referral._RECEIPT_SHOWN, receipts.SENT_ONCE)
    assert shortest > delivery._FORGET_EVERY_SECONDS * 10


def test_whoever_may_send_may_also_mend_what_was_refused() -> None:
    """More often than send; both are counted by the hour, as the page says."""
    assert app._SENDINGS.amount < app._CORRECTIONS.amount
    for limit in (app._SENDINGS, app._CORRECTIONS):
        assert limit.get_expiry() == HOUR


def test_what_is_searched_for_one_client_is_bounded_well_above_what_is_taken_or_mended() -> None:
    """By the hour too."""
    assert app._POSTS.amount == 4 * (app._SENDINGS.amount + app._CORRECTIONS.amount)
    assert app._POSTS.get_expiry() == HOUR


def test_one_network_fills_a_quarter_of_the_room_for_drafts() -> None:
    """KiB, in all workers, and on both sides of the edge of the window that they are kept for."""
    assert app._DRAFTS.get_expiry() == drafts.KEPT
    assert 4 * app._DRAFTS.amount * 2**10 * processes._WORKERS * 2 == drafts.MOST_BYTES


def test_one_client_alone_makes_no_crowd() -> None:
    """In all the workers, which count each by themselves."""
    assert app._SENDINGS.amount * processes._WORKERS < receipts._CROWD


def test_a_form_that_is_filled_to_the_brim_fits_into_the_largest_body() -> None:
    """In signs that take twelve bytes each when a browser encodes them; twice as long, too."""
    longest = sum(
        question.longest for question in ReferralForm.unanswered() if isinstance(question, Line)
    )
    assert longest >= 1300
    assert 2 * 12 * longest < reader._LARGEST_BODY


def test_nginx_takes_what_the_application_takes_and_never_into_a_file() -> None:
    """One byte more is refused by both; the buffer holds all of it."""
    assert nginx("client_max_body_size") == reader._LARGEST_BODY
    assert nginx("client_body_buffer_size") > reader._LARGEST_BODY
    assert re.search(r"^ *proxy_max_temp_file_size 0;", NGINX, re.MULTILINE)


def test_nginx_waits_for_as_long_as_the_application_may_take() -> None:
    """Which waits for its turn, and for the database's connection, before it says 503."""
    assert nginx("proxy_read_timeout") > 2 * database.PATIENCE


def test_a_new_certificate_is_good_for_years_and_strong_enough_for_ourselves() -> None:
    """It does not begin by being told to expire soon."""
    assert keys._VALID.days >= 700
    assert keys._VALID > 10 * health._EXPIRES_SOON
    assert keys._KEY_BITS == 3072
    assert recipients._FEWEST_KEY_BITS == 2048


def test_each_length_is_told_as_it_is_measured() -> None:
    """In the hint or in what is said of an answer that is too long."""
    told = {}
    for question in ReferralForm.unanswered():
        if isinstance(question, Line) and not isinstance(question, ContactField):  # no length
            words = f"{question.hint} {question._too_long}"
            told[question.name] = {
                int(number.replace(".", ""))
                for number in re.findall(r"højst ([0-9.]+) tegn", words)
            }
            assert told[question.name] == {question.longest}, question.name
    assert {"name", "times", "message"} <= {*told}
