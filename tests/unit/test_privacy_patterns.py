"""Each pattern finds what it should, and lets the near miss go."""

import pytest

from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.merging import merge, whole_addresses
from docmill.stages.privacy.patterns import PATTERNS
from docmill.stages.privacy.patterns.bank import is_iban, is_luhn
from docmill.stages.privacy.patterns.birth import born_behind
from docmill.stages.privacy.patterns.tax import is_german_vat

FOUND = [
    ("EMAIL_ADDRESS", "write to ann.lee+x@mail.example.org.", "ann.lee+x@mail.example.org"),
    ("EMAIL_ADDRESS", "Mail:ann@exämple.de,", "ann@exämple.de"),
    ("EMAIL_ADDRESS", "ann @ example.com", "ann @ example.com"),
    ("EMAIL_ADDRESS", "alex.blamey@example.\ncom", "alex.blamey@example."),
    ("URL", "see https://a.example/x?y=1.", "https://a.example/x?y=1"),
    ("URL", "at www.example.de today", "www.example.de"),
    ("IP_ADDRESS", "from 192.168.10.7 at", "192.168.10.7"),
    ("IP_ADDRESS", "from 2001:db8::8a2e:370:7334 at", "2001:db8::8a2e:370:7334"),
    ("MAC_ADDRESS", "nic 00:1A:2b:3C:4d:5E up", "00:1A:2b:3C:4d:5E"),
    ("IBAN_CODE", "IBAN: DE89 3704 0044 0532 0130 00 Bank", "DE89 3704 0044 0532 0130 00"),
    ("IBAN_CODE", "IBANGB82WEST12345698765432", "GB82WEST12345698765432"),
    ("IBAN_CODE", "gb82west12345698765432", "gb82west12345698765432"),
    ("IBAN_CODE", "DE89 3704 0044\n0532 0130 00", "DE89 3704 0044\n0532 0130 00"),
    ("IBAN_CODE", "DE88 3704 0044 0532 0130 00", "DE88 3704 0044 0532 0130 00"),  # a misread digit, the grouping tells
    ("CREDIT_CARD", "card 4111 1111 1111 1111 exp", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "378282246310005", "378282246310005"),
    ("CREDIT_CARD", "DE44 0730 8300 0173 6971 11\n5555-5555-5555-4444\n00231", "5555-5555-5555-4444"),
    ("CREDIT_CARD", "Card number: 4111 1111 1111 1112", "4111 1111 1111 1112"),
    ("CREDIT_CARD", "charge my credit card. Number is 4563824065059", "4563824065059"),
    ("US_BANK_NUMBER", "Account number 123456789012", "123456789012"),
    ("US_SSN", "SSN 536-22-1234.", "536-22-1234"),
    ("US_SSN", "social security number 536221234", "536221234"),
    ("PASSPORT", "Passport No: C01X00T47", "C01X00T47"),
    ("PASSPORT", "passport 512345678", "512345678"),
    ("US_DRIVER_LICENSE", "Driver's license: D1234567", "D1234567"),
    ("TAX_ID", "USt-IdNr. DE136695976", "DE136695976"),
    ("TAX_ID", "Steuernummer: 12/345/67890", "12/345/67890"),
    ("TAX_ID", "EIN 12-3456789", "12-3456789"),
    ("TAX_ID", "AB 12 34 56 C", "AB 12 34 56 C"),
    ("BIRTH_DATE", "Date of birth: 06/13/1995", "06/13/1995"),
    ("BIRTH_DATE", "geboren am 13. Juni 1995 in", "13. Juni 1995"),
    ("BIRTH_DATE", "DOB\n1995-06-13", "1995-06-13"),
    ("PHONE_NUMBER", "Tel:043 289 16 80", "043 289 16 80"),
    ("PHONE_NUMBER", "We reached you at (88) 104-412\nand", "(88) 104-412"),
    ("PHONE_NUMBER", "+41 44 668 18 00", "+41 44 668 18 00"),
    ("PHONE_NUMBER", "Address:\nPhone:\nCard:\nHigh Street 3\n686 0886\n00231", "686 0886"),
    ("ADDRESS", "lives at 203 Kingswood Road now", "203 Kingswood Road"),
    ("ADDRESS", "Linzer Strasse 69\nX", "Linzer Strasse 69"),
    ("ADDRESS", "Rua Cidade de Maracajá 468", "Rua Cidade de Maracajá 468"),
    ("ADDRESS", "Address: anything at all 5\nPhone: 1", "anything at all 5"),
    ("ADDRESS", "Laugarvegur 66\n154 Reykjavík\nDear", "154 Reykjavík"),
    ("ADDRESS", "Hauptstraße 20\n80333 München Rechnungsnummer 471102", "80333 München"),
    ("ADDRESS", "Hauptstraße 20 RECHNUNG\n80333 München Datum", "80333 München"),
    ("ADDRESS", "R Palmeira 14\n2750 A dos Francos\nDear", "2750 A dos Francos"),
    ("ADDRESS", "Hauptstraße 20 RECHNUNG\nx", "Hauptstraße 20"),
    ("ADDRESS", "Springfield, IL 62704", "Springfield, IL 62704"),
    ("PERSON", "Full name:\nWilliam Bevan\nDate of birth: 1", "William Bevan"),
    ("PERSON", "NAME: SVETLANA ERMAKOVA", "SVETLANA ERMAKOVA"),
    ("PERSON", "Dear Uwe Sommer,\nthank", "Uwe Sommer"),
    ("PERSON", "I saw Mrs. Anna Lee. Please call.", "Anna Lee"),
    ("EMAIL_ADDRESS", "mail: ann . lee @ posteo . example, or call", "ann . lee @ posteo . example"),
    ("PERSON", "Dr. J. R. Moore Jr. was there", "J. R. Moore Jr."),
    ("PERSON", "Herr Dipl.-Ing. Max Huber wohnt", "Dipl.-Ing. Max Huber"),
    ("PERSON", "Name: Ann Roy. Aged", "Ann Roy"),
    ("PERSON", "Sehr geehrte Frau Jürgens,", "Jürgens"),
    ("PERSON", "Kind regards,\nEva Maria Holm", "Eva Maria Holm"),
    ("PERSON", "Uwe Sommer\nLinzer Strasse 69\n8248 Graz", "Uwe Sommer"),
    ("TITLE", "ask Dr. Who", "Dr."),
    ("DATE_TIME", "on 2024-01-31 08:00", "2024-01-31 08:00"),
]

NEAR_MISSES = [
    ("EMAIL_ADDRESS", "3 pcs @ 4.50 each, user@"),
    ("URL", "end of sentence.Next one; file.name; e.g. a.b"),
    ("IP_ADDRESS", "version 10.2.0.1 and 1.2.3.4.5 and 300.1.1.1 and std::vector and 12:30:45"),
    ("MAC_ADDRESS", "00:00:00:00:00:00 and 12:34:56"),
    ("IBAN_CODE", "DE89370400440532013001 and AB12 3456 7890 1234"),
    ("CREDIT_CARD", "article 4012345001235, order 4111 1111 1111 1112 and 1234567890123456 and 0000000000000000"),
    ("US_BANK_NUMBER", "invoice 123456789012"),
    ("US_SSN", "666-12-1234 000-12-1234 901-12-1234 123-00-1234 123-45-0000 and 536221234 and 12-536-22-1234"),
    ("PASSPORT", "parcel C01X00T47"),
    ("US_DRIVER_LICENSE", "part D1234567"),
    ("TAX_ID", "DE136695977 and RO12 and 12-3456789"),
    ("TAX_ID", "VAT: 01.08.2013"),
    ("BIRTH_DATE", "Invoice date: 06/13/1995"),
    ("PHONE_NUMBER", "order number 4711-2231, total 1,234,567.00, date 2004-12-06, version 10.2.0.1, 00231, invoice 2024-000123"),
    ("ADDRESS", "4 Hours 120\n2 Widgets 500\nTotal 620"),
    ("PERSON", "Dear Customer,\nDear Sir or Madam,\nKind regards,\nCustomer Care\nName: ACME Ltd."),
    ("TITLE", "I am Dr, he is M"),
    ("PERSON", "LEASE AGREEMENT\nbetween us, residing at 7 rue Victor Hugo and others"),
    ("PHONE_NUMBER", "phone bill\n02.06.1925 5.00\n2024-03-03 120.00"),
    ("DATE_TIME", "12/345/67890 and 1.2.3"),
]


def found(entity: str, text: str) -> set[str]:
    return {text[h.start : h.end] for p in PATTERNS if p.type == entity for h in p.find(text)}


@pytest.mark.parametrize(("entity", "text", "value"), FOUND)
def test_finds(entity: str, text: str, value: str) -> None:
    values = found(entity, text)
    if entity == "ADDRESS":  # its town is a place of its own; on pages both are one
        places = merge([h for p in PATTERNS if p.type in {"ADDRESS", "LOCATION"} for h in p.find(text)], text)
        values |= {value for h in whole_addresses(places, text) if value in text[h.start : h.end]}
    assert value in values


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Laugarvegur 66\n154 Reykjavík\nDear",
            [("ADDRESS", "Laugarvegur 66\n154"), ("LOCATION", "Reykjavík")],
        ),
        (
            "Living at Ennisbraut 27, Reykjahlíð now",
            [("ADDRESS", "Ennisbraut 27"), ("LOCATION", "Reykjahlíð")],
        ),
        (
            "12 Oak Street Apt. 7\nSpringfield\nUganda 48288",
            [("ADDRESS", "12 Oak Street Apt. 7"), ("LOCATION", "Springfield"), ("LOCATION", "Uganda"), ("ADDRESS", "48288")],
        ),
        ("in Springfield, IL 62704 since", [("LOCATION", "Springfield, IL"), ("ADDRESS", "62704")]),
    ],
)
def test_towns_in_addresses_are_places(text: str, parts: list[tuple[str, str]]) -> None:
    places = merge([h for p in PATTERNS if p.type in {"ADDRESS", "LOCATION"} for h in p.find(text)], text)
    assert [(h.type, text[h.start : h.end]) for h in places] == parts
    (whole,) = whole_addresses(places, text)
    assert (whole.start, whole.end) == (places[0].start, places[-1].end)


@pytest.mark.parametrize(("entity", "text"), NEAR_MISSES)
def test_lets_near_misses_go(entity: str, text: str) -> None:
    assert found(entity, text) == set()


def test_every_wrong_digit_breaks_the_checksums() -> None:
    for place in range(4, 22):
        good = "DE89370400440532013000"
        wrong = good[:place] + str((int(good[place]) + 1) % 10) + good[place + 1 :]
        assert is_iban(good)
        assert not is_iban(wrong)
    assert is_luhn("4111111111111111")
    assert not any(is_luhn("411111111111111" + d) for d in "023456789")
    assert is_german_vat("136695976")
    assert not any(is_german_vat("13669597" + d) for d in "012345789")


@pytest.mark.parametrize(
    "text", ["a" * 20_000, "1 " * 10_000, "Ab " * 7_000, "1-" * 10_000, "a@" * 10_000, "a . " * 7_000, "\n" * 20_000, "A, " * 7_000]
)
@pytest.mark.timeout(20)
def test_hostile_text_takes_no_time(text: str) -> None:
    for pattern in PATTERNS:
        list(pattern.find(text))


@pytest.mark.parametrize(
    ("entity", "text", "value"),
    [
        ("AGE", "I just turned 47", "47"),
        ("AGE", "a 21 year old man", "21"),
        ("AGE", "a 3-month-old child", "3"),
        ("AGE", "Age: 104", "104"),
        ("AGE", "died at the age of 9.", "9"),
        ("AGE", "a 45 y/o male", "45"),
        ("AGE", "my 3yo", "3"),
        ("AGE", "a forty-five-year-old nurse", "forty-five"),
        ("AGE", "I'm 34 and live alone", "34"),
        ("AGE", "she was only 12.", "12"),
        ("AGE", "a man of 81", "81"),
        ("AGE", "in her late thirties", "thirties"),
        ("AGE", "in my 30s", "30s"),
        ("AGE", "on his 50th birthday", "50th"),
        ("AGE", "die 45-jährige Frau", "45"),
        ("AGE", "er ist 45 Jahre alt", "45"),
        ("AGE", "elle a 27 ans", "27"),
        ("AGE", "tiene 27 años", "27"),
        ("ADDRESS", "at the corner of Pachergasse 64 and Radolič Harbor", "the corner of Pachergasse 64 and Radolič Harbor"),
        ("ADDRESS", "meet at 5 Pfarrgasse 91\n Suite 170\n GRAZ\n Austria 26759 after work", "26759"),
        ("ADDRESS", "to 44 Long Road\n Apt. 683\n Soloi\n Cyprus", "Cyprus"),
        ("LOCATION", "I am from Côte d'Ivoire", "Côte d'Ivoire"),
        ("TITLE", "Ann Lee\n\nLaboratory animal technician\n\nPhone:", "Laboratory animal technician"),
        ("TITLE", "Ann Lee\nDirector of Sales\n", "Director of Sales"),
        ("ORGANIZATION", "he joined Weather Decision Technologies in 1965", "Weather Decision Technologies"),
        ("ORGANIZATION", "Sold by Müller & Söhne GmbH.", "Müller & Söhne GmbH"),
        ("ORGANIZATION", "the University of Graz", "University of Graz"),
        ("ORGANIZATION", "she works as a night nurse at Telvio now", "Telvio"),
        ("ORGANIZATION", "the board of Vandelay met", "Vandelay"),
        ("ORGANIZATION", "Vandelay is a small company in Ohio", "Vandelay"),
    ],
)
def test_finds_more(entity: str, text: str, value: str) -> None:
    assert any(value in text[a:b] for a, b in spans_of(text, entity)), spans_of(text, entity)


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("AGE", "page 47"),
        ("AGE", "turned 47%"),
        ("AGE", "I am 34 miles away"),
        ("AGE", "garantie de 2 ans"),
        ("AGE", "it was 12."),
        ("AGE", "in the 30s"),
        ("AGE", "the 50th anniversary"),
        ("AGE", "room 3 you"),
        ("AGE", "30 years of work"),
        ("AGE", "aged 2.5"),
        ("ADDRESS", "the corner of the table and chairs"),
        ("LOCATION", "the Nigerian and the Turkey"),
        ("TAX_ID", "TVA 29.99 29.99 0.00"),
        ("TAX_ID", "TVA TTC\n29.99\n29.99\n0.00"),
        ("TITLE", "the manager called\nno title here: manager"),
        ("TITLE", "Manager"),
        ("ORGANIZATION", "the group and the bank of the river"),
        ("ORGANIZATION", "as a gift for Anna, a policy with care, the board of it"),
    ],
)
def test_leaves_more(entity: str, text: str) -> None:
    assert spans_of(text, entity) == []


def spans_of(text: str, entity: str) -> list[tuple[int, int]]:
    return [(h.start, h.end) for pattern in PATTERNS if pattern.type == entity for h in pattern.find(text)]


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("7 rue Victor Hugo\n69002 Lyon\nInvoice 2024-0178 Order 4500017739\n", "Invoice"),
        ("Storgatan 8\nGävle\nInvoice 2024-0178 Order 4500017739\n", "Invoice"),
        ("as 7 rue Victor Hugo, 69002 Lyon. Both were asked", "Both"),
    ],
)
def test_an_address_ends_where_something_else_begins(text: str, stays: str) -> None:
    at = text.index(stays)
    hits = [h for p in PATTERNS if p.type in {"ADDRESS", "LOCATION"} for h in p.find(text)]
    assert hits
    assert not [text[h.start : h.end] for h in hits if h.start < at + len(stays) and h.end > at]


def test_a_date_in_brackets_behind_a_name_is_a_birth_date() -> None:
    text = "Ada Byron (10.12.1815), and the meeting (11.12.2015)"
    (hit,) = born_behind([Hit(0, 9, "PERSON", 0.9, "model:x")], text)
    assert (text[hit.start : hit.end], hit.type) == ("10.12.1815", "BIRTH_DATE")
