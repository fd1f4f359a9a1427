"""Thunderbird with a profile folder of its own, as a caseworker has it."""

import json
import shutil
import subprocess
import warnings
from collections.abc import Sequence
from os import environ
from pathlib import Path
from typing import Final

from support.patience import PATIENCE, until
from support.running import ended, started

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it imports has "\\d" in plain strings
    from marionette_driver.marionette import Marionette

_FOLDERS: Final = Path("Mail") / "Local Folders"
# One account, for the mails on this machine; it asks nobody about anything.
_PREFERENCES: Final = {
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.account.account1.server": "server1",
    "mail.accountmanager.accounts": "account1",
    "mail.accountmanager.localfoldersserver": "server1",
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.server.server1.directory-rel": f"[ProfD]{_FOLDERS}",
    "mail.server.server1.hostname": "Local Folders",
    "mail.server.server1.name": "Local Folders",
    "mail.server.server1.type": "none",
    "mail.server.server1.userName": "nobody",
    "mailnews.start_page.enabled": False,
    "marionette.port": 0,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,  # where nobody listens
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.type": 1,
}
# What »Importer« of »Håndter S/MIME-certifikater« calls with the file and the passphrase.
_IMPORT: Final = """
const [path, passphrase] = arguments;
const file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
file.initWithPath(path);
const certificates = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
return certificates.importPKCS12File(file, passphrase) === Ci.nsIX509CertDB.Success;
"""
# Opens a mail in a tab, and waits until it says whether it could be decrypted.
_OPEN: Final = """
const [subject, done] = arguments;
(async () => {
  const {MailServices} = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
  const inbox = MailServices.accounts.localFoldersServer.rootFolder.getChildNamed("Inbox");
  await new Promise(parsed => inbox.QueryInterface(Ci.nsIMsgLocalMailFolder).parseFolder(
    null, {OnStartRunningUrl() {}, OnStopRunningUrl: parsed}));
  const mail = [...inbox.messages].find(one => one.mime2DecodedSubject === subject);
  const window = Services.wm.getMostRecentWindow("mail:3pane");
  const tabs = window.document.getElementById("tabmail");
  const tab = tabs.openTab("mailMessageTab", {messageURI: inbox.getUriForMsg(mail)});
  for (;;) {
    await new Promise(later => window.setTimeout(later, 50));
    const shown = tab.chromeBrowser.contentWindow;
    const icon = shown?.document.getElementById("encryptedHdrIcon")?.getAttribute("src") ?? "";
    const text = shown?.getMessagePaneBrowser?.().contentDocument?.body?.textContent ?? "";
    if (icon.includes("-notok.") || (icon.includes("-ok.") && text.trim())) {
      tabs.closeTab(tab);
      return icon.includes("-ok.") ? text : "";
    }
  }
})().then(done, error => done(`${error}`));
"""


def installed() -> str | None:
    """Where it is, if it is on this machine."""
    return shutil.which("thunderbird")


class Thunderbird:
    """A caseworker at the team's mailbox."""

    def __init__(self, folder: Path, mails: Sequence[bytes]) -> None:
        """Start it.

        Args:
            folder: home, profile and temporary files, all that it may write.
            mails: what is in the inbox.
        """
        profile, temporary = folder / "profile", folder / "tmp"
        (profile / _FOLDERS).mkdir(parents=True)
        temporary.mkdir()
        # mbox: a line that begins with "From " before each mail (RFC 4155).
        inbox = b"".join(
            b"From - Thu Jan 01 00:00:00 1970\n" + mail.replace(b"\r\n", b"\n") + b"\n"
            for mail in mails
        )
        (profile / _FOLDERS / "Inbox").write_bytes(inbox)
        chosen = (f"user_pref({json.dumps([*one])[1:-1]});\n" for one in _PREFERENCES.items())
        (profile / "user.js").write_text("".join(chosen))
        port = profile / "MarionetteActivePort"
        flags = ("--headless", "--marionette", "--remote-allow-system-access", "--no-remote")
        self._process = started(
            [installed() or "thunderbird", *flags, "--profile", str(profile)],
            env={**environ, "HOME": str(folder), "TMPDIR": str(temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: port.is_file() and port.read_text() != "")
            self._marionette = Marionette(host="127.0.0.1", port=int(port.read_text()))
            self._marionette.start_session()
            self._marionette.set_context("chrome")
            self._marionette.timeout.script = PATIENCE
        except BaseException:
            self.close()
            raise

    def import_key(self, bundle: Path, passphrase: str) -> bool:
        """Import a PKCS#12 file; whether it was taken."""
        return bool(self._marionette.execute_script(_IMPORT, [str(bundle), passphrase]))

    def read(self, subject: str) -> str:
        """Open the mail of a subject: what it says, or "" where Thunderbird cannot decrypt it."""
        return str(self._marionette.execute_async_script(_OPEN, [subject]))

    def close(self) -> None:
        """End it, unannounced."""
        ended(self._process)
