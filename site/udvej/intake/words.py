"""The words that mean something in or around a number, in Danish, English and Arabic."""

from collections.abc import Iterator
from typing import Final

from udvej.intake.signs import fold

# What a capital stands for in a reading; A to L are the months.
LINK: Final = "X"  # may stand between two halves of a number: "og så", "er", "x"
LAST: Final = "S"  # names the last four digits: "sidste", "slutter", "løbenummer"
CPR: Final = "P"
OTHER: Final = "Q"  # names a number of another kind: "sag", "ISBN", "ordre"
ACCOUNT: Final = "R"
MONEY: Final = "W"
PLACE_OF_WORK: Final = "T"  # "p-nummer", ten digits from 1 000 000 000
FIELD: Final = "Z"  # the border between two fields of a form

# With slips that are common on phones; digits from nought to nine, and so on.
_DIGITS = """nul null zero صفر | en et one واحد | to two اثنان اثنين | tre three ثلاثة ثلاث
    | fire four أربعة أربع | fem five خمسة خمس | seks sex six ستة سته | syv seven سبعة سبع
    | otte eight ثمانية ثماني ثمان | ni nine تسعة تسع"""
_TEENS = """ti ten عشرة | elleve elve eleven | tolv twelve | tretten thirteen | fjorten fourteen
    | femten fifteen | seksten sixteen | sytten seventeen | atten eighteen | nitten nineteen"""
_TENS = """tyve twenty | tredive thirty | fyrre fyrretyve forty | halvtreds halvtredsindstyve fifty
    | tres tresindstyve sixty | halvfjerds halvfjerdsindstyve seventy | firs firsindstyve eighty
    | halvfems halvfemsindstyve ninety"""
_ORDINALS = """første first | anden andet second | tredje tredie third | fjerde fourth
    | femte fifth | sjette sixth | syvende seventh | ottende eighth | niende ninth | tiende tenth
    | ellevte ellefte eleventh | tolvte twelfth | trettende thirteenth | fjortende fourteenth
    | femtende fifteenth | sekstende sixteenth | syttende seventeenth | attende eighteenth
    | nittende nineteenth | tyvende twentieth"""
_MONTHS = """januar jan january يناير | februar feb february فبراير شباط | marts mar march مارس آذار
    | april apr أبريل نيسان | maj may مايو أيار | juni jun june يونيو حزيران
    | juli jul july يوليو تموز | august aug أغسطس آب | september sep sept سبتمبر أيلول
    | oktober okt october oct أكتوبر | november nov نوفمبر | december dec ديسمبر"""
# Words that are digits only next to another word that is one.
_ALSO_WORDS = ["en", "et", "to", "one", "ti", "ten", "sex"]
_NOUGHTS = ["o", "oh"]  # likewise
_MEANINGS = {
    LINK: """og å så sa er de det den mit min mine nr nummer numre nummeret no number numbers tal
        tallet tallene ciffer cifre cifrene siffer sifre sifferne kode koden som hedder lyder kommer
        efterfulgt af derefter bagefter med på pa men hvor skal være vaere mangler manglende
        mere more del halvdel part half شي شيء
        stjerner stjernerne kryds krydser krydserne id and then followed by is are the my digit
        digits code with ثم و ب هي هو رقم الرقم أرقام الأرقام x xx xxx xxxx""",
    LAST: """sidste sidst sitste sidsde siste sidte last slut slutter slutte slutcifre slutciffer
        slutning ender ender ending ends løbenummer løbenr lobenummer kontrolciffer kontrolcifre
        kontrolcifrene kontroltal rest resten resterende bagerste afslutter
        آخر وآخر الأخيرة والأخيرة الأخير ينتهي وينتهي تنتهي xxxxxx""",
    CPR: """cpr cprnr cprnummer cprnummeret personnr personnummer personnumer personnummeret
        erstatningscpr erstatningscprnr erstatningscprnummer""",
    OTHER: """sag sagen sags sagnr sagnummer sagsnr sagsnummer sagsid case قضية القضية jr jnr jrnr
        journal journalnr journalnummer kle ref reference ordre ordren ordrenr ordrenummer order
        faktura fakturanr fakturanummer kunde kundenr kundenummer medlem medlemsnr medlemsnummer
        billet billetnr billetnummer kvittering pakke pakken pakkenr pakkenummer tracking trackingnr
        trackingnummer gls postnord ups dao dhl bring isbn issn ean eannr eannummer gtin stregkode
        barcode imei serienr serienummer cvr cvrnr cvrnummer matrikel matr bfe bbr sor utm
        ejendomsnr steam""",
    ACCOUNT: "konto kontoen kontonr kontonummer kto reg regnr registreringsnummer account",
    MONEY: "kr kroner dkk euro eur usd dollars sek nok كرون كرونة",
    "-": "bindestreg bindesteg bindstreg streg tankestreg minus dash hyphen",
    "+": "plus",
    " ": "mellemrum space",
    "/": "skråstreg slash",
}


def _rows(table: str) -> Iterator[list[str]]:
    return (fold(row).split() for row in table.split("|"))


def _lexicon() -> dict[str, str]:
    """Give each known word as it is folded, and what it reads as."""
    units = list(_rows(_DIGITS))
    words = {word: str(n) for n, row in enumerate(units) for word in row}
    words |= {word: str(n) for n, row in enumerate(_rows(_TEENS), 10) for word in row}
    words |= {word: f"{n}." for n, row in enumerate(_rows(_ORDINALS), 1) for word in row}
    for ten, row in enumerate(_rows(_TENS), 2):
        words |= dict.fromkeys(row, f"{ten}0")
        for word in row:
            for n, unit in enumerate(units[1:], 1):
                words |= {f"{one}og{word}": f"{ten}{n}" for one in unit}
                words |= {f"{word}{one}": f"{ten}{n}" for one in unit}
    words |= {f"{one}ogtyvende": f"2{n}." for n, row in enumerate(units[1:], 1) for one in row}
    words |= {"tredivte": "30.", "enogtredivte": "31.", "thirtieth": "30."}
    words |= {"nittenhundrede": "19", "totusind": "20", "totusinde": "20"}
    for n, row in enumerate(_rows(_MONTHS)):
        words |= dict.fromkeys(row, "ABCDEFGHIJKL"[n])
    for meaning, text in _MEANINGS.items():
        words |= dict.fromkeys(fold(text).split(), meaning)
    return words


# Known words, folded: digits, a sign, or a capital.
LEXICON: Final = _lexicon()
TENS: Final = {word: f"{n}" for n, row in enumerate(_rows(_TENS), 2) for word in row}
UNITS: Final = {word: f"{n}" for n, row in enumerate(_rows(_DIGITS)) for word in row}
UNSURE: Final = {word: LEXICON.pop(word) for word in _ALSO_WORDS} | dict.fromkeys(_NOUGHTS, "0")
NUMBER_WORDS: Final = UNSURE.keys() | {
    word for word, means in LEXICON.items() if means[0].isdigit()
}
