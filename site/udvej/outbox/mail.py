"""A sealed referral as a mail, and the mail server that takes it over verified TLS.

What Flask-Mail leaves open is closed here: it neither verifies the server nor gives up waiting,
and a connection cut after 250 would look like a failure.
"""

import logging
import re
import smtplib
import ssl
from base64 import encodebytes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.headerregistry import Address
from email.message import Message
from email.policy import SMTP
from email.utils import formatdate
from functools import partial
from typing import Any, Final, cast

import flask_mail
from flask import Flask

from udvej.config import MailServer
from udvej.errors import PermanentFailure, SealingError, TemporaryFailure
from udvej.outbox.scheme import Scheme
from udvej.outbox.sealed import Opener, Sealed
from udvej.outbox.series import title
from udvej.outbox.table import Leased

_TIMEOUT_SECONDS: Final = 30.0
_DONE, _FORWARDED = 250, 251  # RFC 5321, 4.2.2

# X509_V_ERR_… of openssl/x509_vfy.h: nobody who is trusted has signed it.
_OF_AN_UNKNOWN_AUTHORITY: Final = frozenset((2, 18, 19, 20, 21))

_log = logging.getLogger(__name__)


class SealedMail(flask_mail.Message):
    """A mail whose headers say nothing of its content and whose body only the team can open.

    What was sealed for transport is mailed in clear instead, over verified TLS alone.
    """

    def __init__(  # noqa: PLR0913 (the parts of an envelope)
        self,
        leased: Leased,
        *,
        sender: str,
        recipients: Sequence[str],
        team: str = "",
        sender_name: str = "",
        opener: Opener | None = None,
    ) -> None:
        """Address a sealed referral.

        Args:
            leased: what the outbox handed out.
            sender: a plain mail address.
            recipients: plain mail addresses, at least one.
            team: a plain mail address, the first recipient's if ""; a reply never reaches a person
                who wrote, so it comes back.
            sender_name: what a list of mails shows in the sender's place (RFC 5322, 3.4), or "".
            opener: opens what was sealed for the transport; other referrals stay sealed.
        """
        # Without the number in the subject, mail programs fold all referrals into one thread.
        super().__init__(title(leased.number), [*recipients], sender=sender)
        self._sealed: Sealed = leased.sealed
        self._from = Address(sender_name, addr_spec=sender)
        self._to, self._opener = ", ".join(recipients), opener
        self._team = team or recipients[0]
        self.date = leased.accepted
        self.msgId = f"<{leased.sealed.token}@{sender.rpartition('@')[2]}>"

    def as_bytes(self) -> bytes:
        """The mail (RFC 5322), its body the CMS byte for byte (RFC 8551, 3.3).

        Raises:
            SealingError: it was sealed for a server's key that is not at hand.
        """
        mail = Message(policy=SMTP)
        if self._sealed.scheme is Scheme.TRANSPORT:
            if self._opener is None:
                raise SealingError("sealed for a server's key, which the settings no longer name")
            mail = message_from_bytes(self._opener.open(self._sealed), policy=SMTP)
            del mail["Subject"], mail["MIME-Version"], mail["X-Padding"]
        mail["From"] = str(self._from)
        mail["To"] = self._to
        mail["Reply-To"] = self._team
        mail["Subject"] = self.subject
        mail["Date"] = formatdate(self.date)
        mail["Message-ID"] = self.msgId
        mail["Auto-Submitted"] = "auto-generated"
        mail["MIME-Version"] = "1.0"
        if self._sealed.scheme is Scheme.TRANSPORT:
            return mail.as_bytes()
        mail["Content-Type"] = 'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"'
        mail["Content-Transfer-Encoding"] = "base64"
        mail["Content-Disposition"] = 'attachment; filename="smime.p7m"'
        mail.set_payload(encodebytes(self._sealed.cms).decode("ascii"))
        return mail.as_bytes()


class Relay:
    """The municipality's mail server."""

    def __init__(
        self,
        server: MailServer,
        recipients: Sequence[str],
        *,
        team: str = "",
        sender_name: str = "",
        opener: Opener | None = None,
    ) -> None:
        """Prepare, without connecting.

        Args:
            server: where it is and how to prove who we are.
            recipients: who receives the mails, at least one; the first is their sender where the
                settings name no other.
            team: the team's address, where replies go; the first recipient's if "".
            sender_name: what the team's list of mails shows as their sender, or "".
            opener: for transport sealing; what it opens goes to this server and nowhere else.
        """
        self._opener, self._sender_name = opener, sender_name
        self._server = server
        self._recipients, self._team = recipients, team
        self._sender = server.sender or recipients[0]
        self._app = Flask(__name__)
        self._app.config.update(
            MAIL_SERVER=server.host,
            MAIL_PORT=server.port,
            MAIL_USERNAME=server.user,
            MAIL_PASSWORD=server.password,
        )
        self._mail = flask_mail.Mail(self._app)

    def carry(self, leased: Leased) -> None:
        """Hand a referral over; when this returns the server has said 250.

        Of several recipients one is enough: a colleague who has left must hold up no referral.
        That another was refused is logged.

        Raises:
            TemporaryFailure: it may succeed later.
            PermanentFailure: the server refused this mail for good.
        """
        mail = SealedMail(
            leased,
            sender=self._sender,
            recipients=self._recipients,
            team=self._team,
            sender_name=self._sender_name,
            opener=self._opener,
        )
        with (
            _failures(self._server.host),
            self._app.app_context(),
            _Connection(self._mail, self._server, self._sender) as connection,
        ):
            connection.send(mail)

    def probe(self) -> None:
        """Check that the server would take a mail for each recipient, and send none.

        Raises:
            TemporaryFailure: it may succeed later.
            PermanentFailure: the server refused a recipient for good.
        """
        with (
            _failures(self._server.host),
            self._app.app_context(),
            _Connection(self._mail, self._server, self._sender) as connection,
        ):
            connection.probe(self._recipients)


class _Client(smtplib.SMTP):
    """Says when only some of the recipients were taken, which the library tells its caller alone.

    Their addresses are left out of the log.
    """

    def sendmail(
        self,
        *arguments: Any,  # noqa: ANN401 (as the library takes them)
        **options: Any,  # noqa: ANN401
    ) -> dict[str, tuple[int, bytes]]:
        refused = super().sendmail(*arguments, **options)
        for code, words in refused.values():
            _log.warning("event=recipient-refused answer=%r", _answer(code, words))
        return refused


class _ClientOverTls(_Client, smtplib.SMTP_SSL):
    """As `_Client`, over TLS from the first byte."""


class _Connection(flask_mail.Connection):
    """One connection: its certificate is verified, and it times out."""

    def __init__(self, mail: flask_mail.Mail, server: MailServer, sender: str) -> None:
        super().__init__(mail)
        self._server = server
        self._sender, self._domain = sender, sender.rpartition("@")[2]

    def configure_host(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context(cafile=server.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # EHLO with the sender's domain, rather than the name of this machine.
        secure = partial(_ClientOverTls, context=context)
        connect = secure if server.tls == "tls" else _Client
        host = connect(server.host, server.port, self._domain, timeout=_TIMEOUT_SECONDS)
        try:
            if server.tls == "starttls":
                host.starttls(context=context)
            if server.user is not None and server.password is not None:
                host.login(server.user, server.password)
        except BaseException:
            host.close()
            raise
        return host

    def probe(self, recipients: Sequence[str]) -> None:
        """MAIL and RCPT for each recipient, then RSET (RFC 5321, 4.1.1.5): no mail is sent."""
        host = cast("smtplib.SMTP", self.host)
        host.ehlo_or_helo_if_needed()
        code, words = host.mail(self._sender)
        if code != _DONE:
            raise smtplib.SMTPSenderRefused(code, words, self._sender)
        refused = {}
        for recipient in recipients:
            code, words = host.rcpt(recipient)
            if code not in (_DONE, _FORWARDED):
                refused[recipient] = (code, words)
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)
        host.rset()

    def __exit__(self, *_exception: object) -> None:
        """QUIT. The mail is taken at 250, so an error here is no failure."""
        if self.host is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.host.quit()
            self.host.close()


@contextmanager
def _failures(host: str) -> Iterator[None]:
    """Sort failures by whether trying again can help.

    The server is named, and its codes (RFC 5321, 4.2; RFC 3463) are kept; its words, which may
    quote a person, are not.
    """
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, words = max(error.recipients.values(), default=(0, b""))
        raise _failure(f"{host}: RCPT", code, words) from error
    except smtplib.SMTPDataError as error:
        raise _failure(f"{host}: DATA", error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPResponseException as error:
        # EHLO, AUTH and MAIL fail for wrong settings or a busy server: both can be mended, so
        # even a 5xx is tried again.
        answer = _answer(error.smtp_code, error.smtp_error)
        raise TemporaryFailure(f"{host}: {type(error).__name__} {answer}") from error
    except ssl.SSLCertVerificationError as error:
        reason = f"{host}: certificate not accepted: {error.verify_message}"
        if error.verify_code in _OF_AN_UNKNOWN_AUTHORITY:
            reason += "; signed by an authority of your own? UDVEJ_MAIL_CA names it"
        raise TemporaryFailure(reason) from error
    except SealingError as error:
        raise TemporaryFailure(str(error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise TemporaryFailure(f"{host}: {type(error).__name__}") from error
    except ValueError as error:  # smtplib reads some answers as if every server kept to the RFCs
        raise TemporaryFailure(
            f"{host}: answers what is no SMTP ({type(error).__name__})"
        ) from error


def _failure(command: str, code: int, words: bytes | str) -> TemporaryFailure | PermanentFailure:
    kind = PermanentFailure if 500 <= code < 600 else TemporaryFailure  # noqa: PLR2004 (RFC 5321, 4.2.1)
    return kind(f"{command} {_answer(code, words)}")


def _answer(code: int, words: bytes | str) -> str:
    """The codes in an answer: "550 5.7.1"."""
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else words
    enhanced = re.match(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![^ ])", text)
    return f"{code} {enhanced[0]}" if enhanced else str(code)
