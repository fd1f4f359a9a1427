"""What a browser has written down when its person has left, closed it, or lost its power."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPSConnection
from pathlib import Path
from ssl import CERT_NONE, PROTOCOL_TLS_CLIENT, SSLContext

import pytest
from support import road
from support.browser import CPR, Served, served
from support.chromium import Chromium
from support.firefox import Firefox
from support.internet import ELSEWHERE, HOST, ORIGIN, Internet, internet
from support.patience import PATIENCE, until
from support.searching import found
from support.unpacking import unpacked
from support.visiting import FILLED_IN, fields, unhurried
from udvej.content.addresses import FORM, TOO_LONG

pytestmark = pytest.mark.browser

Person = Chromium | Firefox
KINDS: Mapping[str, type[Person]] = {"chromium": Chromium, "firefox": Firefox}

NAME, MESSAGE, PHONE = "hemmæligt4711", "fortræffeligt4711", "28741963"
READ = ("/", "/om/", "/moedet/")

# A page that keeps what ours must not: each word must be found, packed as the browser packs it. And
# one that only has a field.
CONTROL, FIELD = "https://kontrol.example/", "https://felt.example/"
WORDS = {
    name: f"{name}æøkontrol4711" for name in ("titel", "tekst", "local", "base", "felt", "igen")
}
FIELD_PAGE = '<!doctype html><meta charset="utf-8"><form><textarea></textarea></form>'
CONTROL_PAGE = f"""{FIELD_PAGE}<title>{WORDS["titel"]}</title><h1>{WORDS["tekst"]}</h1><script>
localStorage.a = "{WORDS["local"]} ".repeat(99);
var opening = indexedDB.open("a");
opening.onupgradeneeded = () => opening.result.createObjectStore("b");
opening.onsuccess = () => {{
    var store = opening.result.transaction("b", "readwrite").objectStore("b");
    for (var i = 0; i < 150; i++) store.put((i + " {WORDS["base"]} ").repeat(1400), i);
}};
</script>"""
# Word -> the kind of place where it must be found.
KEPT = {
    "chromium": {
        "titel": "History > SQLite",
        "tekst": "/Cache/Cache_Data/",
        "local": "Local Storage/leveldb/000003.log > LevelDB log",
        "base": ".ldb > LevelDB table",
        "felt": "/Sessions/",
        "igen": "/Sessions/",
    },
    "firefox": {
        "titel": "places.sqlite > SQLite",
        "tekst": "/cache2/entries/",
        "local": "/ls/data.sqlite > SQLite > Snappy",
        "base": "/idb/",
        "felt": "lz4 > mozLz4",
        "igen": "lz4 > mozLz4",
    },
}

# Where the address stays, as the README tells; the cache holds other sites' links to ours.
REMAINS = {
    "chromium": (
        "History", "Favicons", "Top Sites", "Sessions/", "Cookies", "DIPS", "Preferences",
        "Network Persistent State", "ukm_db", "Cache_Data/",
    ),
    "firefox": (
        "places.sqlite", "favicons.sqlite", "cookies.sqlite", "permissions.sqlite",
        "sessionstore", "cache2/", "bounce-tracking-protection.sqlite",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def net(site: Served) -> Iterator[Internet]:
    """The site, a stand-in for all others, and the control."""
    with internet(site) as net:
        net.pages |= {"kontrol.example": CONTROL_PAGE, "felt.example": FIELD_PAGE}
        yield net


class Seen:
    """What was on a person's screen and must not be on their disk."""

    def __init__(self) -> None:
        """What they will type."""
        self.words = {NAME, MESSAGE, PHONE, CPR, CPR.replace("-", "")}

    def read(self, person: Person) -> None:
        """Remember a heading, but for what is in the title too, and sentences."""
        for selector in ("h1", "main p", "main li"):
            words = person.words(selector).partition(".")[0] if person.sees(selector) else ""
            if words not in person.title:
                self.words.add(words)


def read_write_and_leave(person: Person, seen: Seen) -> None:
    """Come by a link, read, be refused, send, leave, and press Back to the end."""
    person.open(ELSEWHERE)
    person.click("a")
    until(lambda: person.address == f"{ORIGIN}/")
    for address in READ:
        person.open(ORIGIN + address)
        seen.read(person)
    be_refused(person)
    seen.read(person)
    person.write("#phone", PHONE)
    for choice in ("#who-0", "#prefer-0"):
        person.choose(choice)
    person.click("main .button--primary")
    until(lambda: person.sees(".receipt-number"))
    seen.read(person)
    seen.words.add(person.words(".receipt-number"))
    person.click(".thumb-bar .leave-button")
    until(lambda: not person.address.startswith(ORIGIN) and person.title != "")


def be_refused(person: Person) -> None:
    """Write a CPR number."""
    person.open(f"{ORIGIN}/skriv/")
    person.write("#name", NAME)
    person.write("#message", f"{MESSAGE} {CPR}")
    person.click("main .button--primary")
    until(lambda: person.sees("[role=alert]"))


def keep_the_control(person: Person, folder: Path, word: str, address: str = FIELD) -> None:
    """Write in a page that hides nothing, until the browser has written it down.

    It writes down what is in all its tabs at once, so by then it could have written ours.
    """
    person.open(address)
    person.write("textarea", word)
    search = Search(folder / person.SESSIONS)
    until(lambda: search({word}) != set())


class Search:
    """A search of a folder that grows: what was searched once is not searched again."""

    def __init__(self, folder: Path) -> None:
        """Nothing searched yet."""
        self._folder = folder
        self._known: set[bytes] = set()

    def __call__(self, words: set[str]) -> set[tuple[str, str, str]]:
        """Which of the words stand where, in which form."""
        places: dict[str, list[bytes]] = {}
        for name, content in unpacked(self._folder, self._known):
            places.setdefault(name, []).append(content)
        joined = {name: b"\0".join(contents) for name, contents in places.items()}
        return found(words, joined, lines=False)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_typed_or_read_is_in_any_file_of_the_profile(
    kind: str, net: Internet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After leaving and closing, after a loss of power amid writing, and after its restore.

    In every file, with all that is packed in it; the control's words are found in each.
    """
    folder = tmp_path_factory.mktemp("a")
    seen, search = Seen(), Search(folder)
    person = KINDS[kind](folder, net)
    try:
        read_write_and_leave(person, seen)
        keep_the_control(person, folder, WORDS["felt"], CONTROL)
        person.close()
        hits = search(seen.words | {*WORDS.values(), HOST})
        person = KINDS[kind](folder, net)
        person.forget_cookies()
        be_refused(person)
        person.write("#times", MESSAGE)
        person.open_tab()
        keep_the_control(person, folder, WORDS["igen"])
        person.kill()
        more = search(seen.words | {*WORDS.values()})
        person = KINDS[kind](folder, net, restore=True)
        until(lambda: {FIELD, f"{ORIGIN}/skriv/"} <= person.tabs())
        person.close()
        hits |= more | search(seen.words | {*WORDS.values()})
    finally:
        person.kill()
    assert {(word, place) for place, word, _ in hits if word in seen.words} == set()
    remains = {place for place, word, _ in hits if word == HOST}
    assert remains
    assert [place for place in remains if not any(map(place.count, REMAINS[kind]))] == []
    for name, place in KEPT[kind].items():
        places = [hit for hit, word, _ in hits if word == WORDS[name]]
        assert any(place in hit for hit in places), (name, places)


# Another program's text, made by its page so that the page itself holds no word of it whole.
SOURCE = "kilde.example"
PASTED, MUCH, TAB = "indsætte4711", "altformæget4711", "fanebladæ4711"


def source(word: str, rest: str) -> str:
    """A page with a field that holds a word and more, as it can be copied."""
    return f"""<!doctype html><meta charset="utf-8"><title>Kilde</title>
<textarea autocomplete="off"></textarea><script>
document.querySelector("textarea").value = "{word[:4]}" + "{word[4:]}" + {rest};
</script>"""


def paste_from(net: Internet, person: Person, word: str, rest: str) -> None:
    """Copy a text elsewhere, and paste it into the message of the form."""
    net.pages[SOURCE] = source(word, rest)
    person.open(f"https://{SOURCE}/?{word[:4]}")
    person.copy("textarea")


def paste_and_send(net: Internet, person: Person, prefix: str) -> None:
    """Paste a text, then half a book, and send from a tab that was open when the person left."""
    form = f"{ORIGIN}{prefix}{FORM}"
    paste_from(net, person, PASTED, r'"\u000bLinje to\ufffe\u0085Tre"')
    person.open(form)
    person.paste("#message")
    person.click("main .button--primary")
    until(lambda: person.sees("[role=alert]"))
    assert person.address == form
    assert person.value("#message") == f"{PASTED}\nLinje to\nTre"

    paste_from(net, person, MUCH, r'" \u0645\u0645\u0645\u0645\u0645".repeat(18000)')
    person.open(form)
    person.paste("#message")
    person.click("main .button--primary")
    until(lambda: person.address == f"{ORIGIN}{prefix}{TOO_LONG}")

    person.open(form)
    person.write("#name", TAB)
    person.open_tab()
    person.open(f"{ORIGIN}/")
    person.click(".thumb-bar .leave-button")
    until(lambda: not person.address.startswith(ORIGIN))
    person.return_to_the_first_tab()
    person.click("main .button--primary")
    until(lambda: not person.address.startswith(ORIGIN) and person.title != "")


LANGUAGES = ("", "/en", "/ar")


@pytest.mark.parametrize(
    ("kind", "prefixes"),
    [
        # Each browser and each direction of reading in `make test`, all pairs in `make bench`.
        ("chromium", LANGUAGES[:1]),
        ("firefox", LANGUAGES[2:]),
        *(pytest.param(kind, LANGUAGES, marks=pytest.mark.slow) for kind in KINDS),
    ],
)
def test_what_is_pasted_or_sent_after_leaving_is_in_no_file(
    kind: str, prefixes: Sequence[str], net: Internet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A line break of Word's comes back as one, to be sent; half a book is answered on a page.

    What is sent from a tab while the site is shut leads away. The control's word is found. The
    languages come one after the other; what each has left is then searched for together.
    """
    folder = tmp_path_factory.mktemp("a")
    person = KINDS[kind](folder, net)
    try:
        for prefix in prefixes:
            person.forget_cookies()
            paste_and_send(net, person, prefix)
        keep_the_control(person, folder, WORDS["felt"])
    finally:
        person.kill()
    hits = Search(folder)({PASTED, MUCH, TAB, WORDS["felt"]})
    assert {word for _, word, _ in hits} == {WORDS["felt"]}


class Crowd(road.Browser):
    """Others at the same address, who send again and again."""

    def __init__(self, site: Served) -> None:
        """With the form filled in."""
        super().__init__(int(site.origin.rpartition(":")[2]))
        self._anyone = SSLContext(PROTOCOL_TLS_CLIENT)
        self._anyone.check_hostname, self._anyone.verify_mode = False, CERT_NONE
        self._form = unhurried({**fields(self.ask("GET", FORM).text), **FILLED_IN})
        self._became: Counter[str] = Counter()

    def _connection(self) -> HTTPSConnection:
        return HTTPSConnection("127.0.0.1", self._port, timeout=PATIENCE, context=self._anyone)

    def send_until(self, became: str, times: int) -> None:
        """Send one form after the other, until so many in all have been taken, or drafts."""
        while self._became[became] < times:
            turn = self._became.total()
            assert turn < 1000
            answer = self.ask("POST", FORM, {**self._form, "times": f"{turn}"})
            kinds = {429: "neither", 303: "taken" if self.is_taken(answer) else "drafts"}
            self._became[kinds[answer.status]] += 1


def write_in_vain(
    person: Person, folder: Path, time: int, said: str, *, cookies: bool = True
) -> set[str]:
    """Write and send, and stay with the answer until the browser has written down its tabs.

    Args:
        person: whose browser it is; the next time is in another tab of it.
        folder: of the browser.
        time: a digit, by which its words differ from those of other times.
        said: words of the answer.
        cookies: whether the browser has the form's when it sends.

    Returns:
        What was typed.
    """
    typed = {"#name": f"{NAME}{time}", "#phone": f"2874196{time}", "#message": f"{MESSAGE}{time}"}
    person.forget_cookies()  # and with them the draft of the last time
    person.open(f"{ORIGIN}/skriv/")
    for field, text in typed.items():
        person.write(field, text)
    for choice in ("#who-0", "#prefer-0"):
        person.choose(choice)
    if not cookies:
        person.forget_cookies()
    person.click("main .button--primary")
    until(lambda: said in person.words("main"))
    person.open_tab()
    keep_the_control(person, folder, f"{WORDS['felt']}{time}")
    return {*typed.values()}


def test_what_is_not_sent_is_in_no_file_but_where_the_answer_itself_had_to_hold_it(
    furnished: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without a cookie, or led to a draft by a limit, a form leaves nothing.

    Beyond the drafts of an hour its words are found. All in one browser that loses its power.
    """
    state = shutil.copytree(furnished, tmp_path_factory.mktemp("site") / "state")
    folder = tmp_path_factory.mktemp("a")
    busy = "Din tekst er ikke sendt. Den står her endnu."
    few = ("3/hour", "30/hour")
    with served(Path(state), limits=few) as site, internet(site) as net:
        net.pages["felt.example"] = FIELD_PAGE
        person, others = Chromium(folder, net), Crowd(site)
        try:
            hidden = write_in_vain(person, folder, 1, "nej til cookies", cookies=False)
            # Each of the two web processes counts by itself.
            others.send_until("taken", 2 * 3)
            hidden |= write_in_vain(person, folder, 2, busy)
            others.send_until("drafts", 2 * 30 - 1)
            kept = write_in_vain(person, folder, 3, busy)
        finally:
            person.kill()
    controls = {f"{WORDS['felt']}{time}" for time in (1, 2, 3)}
    hits = Search(folder)(hidden | kept | controls)
    assert {word for _, word, _ in hits} == kept | controls
    assert {word for place, word, _ in hits if "/Sessions/" in place} == kept | controls
