from decimal import Decimal

import pytest
from understanding_pages import page

from docmill.stages.understanding.amounts import amount_value, find_amounts, find_currencies, hinted_currency
from docmill.stages.understanding.dates import find_dates, is_month_first


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("1\u2019234.56", "1234.56"),
        ("12.345.678,90", "12345678.90"),
        ("0,05", "0.05"),
        ("571,04", "571.04"),
        ("-8.79", "-8.79"),
        ("\u22128,79", "-8.79"),
        ("8,79-", "-8.79"),
        ("1.234", "1234.00"),
        ("300", "300.00"),
        ("none", None),
    ],
)
def test_one_amount_is_read_exactly(printed: str, value: str | None) -> None:
    assert amount_value(printed) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("Summe 1.234,56 EUR", ["1234.56"]),
        ("TOTAL RM1,234.56", ["1234.56"]),
        ("Total 1 234,56 €", ["1234.56"]),
        ("Total CHF 1'234.50", ["1234.50"]),
        ("Gesamt EUR 300", ["300.00"]),
        ("2     100,00     200,00", ["100.00", "200.00"]),  # columns are no thousands
        ("19,0 %   6.00%   12.50", ["12.50"]),  # rates are no amounts
        ("05.03.2013   08.30 Uhr 12:30", ["8.30"]),  # a date is none; a time with a point looks like one
        ("27,5000 Std. 10,5000", []),  # four decimals are quantities and unit prices
        ("EUR - 8,79", ["-8.79"]),
        ("Total - 8,79", ["8.79"]),  # a dash between words and figure is no sign
        ("IBAN DE08 7009 0100 1234 5678 90", []),
        ("201/113/40209", []),
    ],
)
def test_amounts_of_a_line(line: str, values: list[str]) -> None:
    assert [str(a.value) for a in find_amounts(page(line))] == values


def test_an_amount_knows_where_it_stands() -> None:
    seen = find_amounts(page("Total   1.234,56 EUR"))[0]
    assert seen.seen.text == "1.234,56"
    assert seen.has_currency
    assert seen.seen.box == (80.0, 40.0, 160.0, 60.0)


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("Total € 5", ["EUR"]),
        ("Total 5 Euro", ["EUR"]),
        ("RM12.00", ["MYR"]),
        ("US$ 12 and $ 3", ["USD", "USD"]),
        ("CHF 12.-", ["CHF"]),
        ("Europe, usdan, chrome", []),
    ],
)
def test_currencies(line: str, codes: list[str]) -> None:
    assert [code for _, code in find_currencies(page(line))] == codes


def test_a_legal_form_hints_at_the_currency() -> None:
    hint = hinted_currency(page("KEDAI ABC SDN. BHD."))
    assert hint is not None
    assert hint[1] == "MYR"
    assert hinted_currency(page("Some shop")) is None


@pytest.mark.parametrize(
    ("printed", "iso"),
    [
        ("2013-03-05", "2013-03-05"),
        ("2018/02/22", "2018-02-22"),
        ("05.03.2013", "2013-03-05"),
        ("5.3.13", "2013-03-05"),
        ("05. 03. 2013", "2013-03-05"),
        ("25/12/2018", "2018-12-25"),
        ("12/13/2016", "2016-12-13"),
        ("24-11-17", "2017-11-24"),
        ("01/02/98", "1998-02-01"),
        ("7. Mai 2014", "2014-05-07"),
        ("3. März 2020", "2020-03-03"),
        ("02 Juillet 2015", "2015-07-02"),
        ("1er février 2021", "2021-02-01"),
        ("19 april 2014", "2014-04-19"),
        ("02/JAN/2017", "2017-01-02"),
        ("25-FEB-17", "2017-02-25"),
        ("July 5, 2015", "2015-07-05"),
        ("Sept. 30th, 2021", "2021-09-30"),
        ("3 de marzo de 2019", "2019-03-03"),
        ("20180304", "2018-03-04"),
    ],
)
def test_one_date_is_read(printed: str, iso: str) -> None:
    found = find_dates(page(f"Date {printed} end"), month_first=False)
    assert [d.value.isoformat() for d in found] == [iso]
    assert found[0].seen.text.strip(" .,") == printed.strip(" .,")


@pytest.mark.parametrize("printed", ["31.02.2013", "1.2.3.4", "99/99/2018", "03-5519 0823", "13:20:18", "1.234,56", "2/4"])
def test_what_is_no_date_is_left(printed: str) -> None:
    assert find_dates(page(f"x {printed} y"), month_first=False) == []


@pytest.mark.parametrize(
    ("text", "language", "month_first"),
    [
        ("03/04/2018", "en", False),
        ("03/04/2018 and 12/25/2018", "en", True),
        ("03/04/2018 and 25/12/2018", "en", False),
        ("03/04/2018 total $ 5.00", "en", True),
        ("03/04/2018\nSpringfield, IL 62701", "en", True),
        ("03/04/2018\nKL 52100", "en", False),  # a Malaysian town is no state
        ("03/04/2018 USD", "de", False),
    ],
)
def test_day_or_month_first_is_judged_from_the_document(text: str, language: str, month_first: bool) -> None:
    assert is_month_first([page(text, language=language)]) is month_first


def test_the_order_of_day_and_month_is_only_doubtful_where_it_can_be() -> None:
    doubtful, certain, dotted = (find_dates(page(t), month_first=True)[0] for t in ("03/04/2018", "03/24/2018", "03.04.2018"))
    assert (doubtful.is_certain, certain.is_certain, dotted.is_certain) == (False, True, True)
    assert [d.value.isoformat() for d in (doubtful, certain, dotted)] == ["2018-03-04", "2018-03-24", "2018-04-03"]
