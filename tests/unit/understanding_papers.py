"""Invoices in three languages and a receipt as text, for the tests of understanding, and the values that were found."""

from docmill.values.evidence import Understanding

GERMAN_INVOICE = """
Nordlicht Werkzeuge GmbH
Hafenweg 3, 20457 Hamburg

Rechnung
Rechnungsnummer      NW-2024-118        Kundennummer 4711
Rechnungsdatum       03.04.2024         Leistungsdatum 28.03.2024

Pos  Artikel                  Menge      Preis        Betrag
1    Bohrer                   2          517,65       1.035,29
2    Schrauben                10         0,50         5,00

Nettobetrag                                           1.040,29
zzgl. 19 % USt.                                         197,66
Gesamtbetrag                                          1.237,95 EUR

Zahlbar bis 17.04.2024. IBAN DE02 1203 0000 0000 2020 51
USt-IdNr. DE123456789
"""

ENGLISH_INVOICE = """
Brightwater Ltd                                  INVOICE
12 Quay Street, Bristol

Invoice No: BW/20231                 Invoice date: 5 July 2023
Order No: 99812                      Due date: 4 August 2023

Description            Qty     Unit price      Amount
Pump service           1       1,200.00        1,200.00

Subtotal                                       1,200.00
VAT 20%                                          240.00
Total due                                    £ 1,440.00
"""

FRENCH_INVOICE = """
Boulangerie Martin SARL
Facture n° F2022-017 du 2 février 2022
Date limite de paiement le 1 mars 2022
Client n° 5512

Total HT                        1 000,00
TVA 20%                           200,00
Total TTC                       1 200,00 €
"""

RECEIPT = """
KEDAI RUNCIT MAJU SDN BHD (812345-K)
NO 5 JALAN BESAR
TAX INVOICE
BILL NO : B-00713        DATE : 09/03/2018 18:21
CASHIER : AINA
1 MILK        2 X 3.30            6.60
2 BREAD       1 X 4.43            4.43
SUBTOTAL                         11.03
ROUNDING ADJ                      0.02
TOTAL                            11.05
CASH                             20.00
CHANGE                            8.95
GST SUMMARY      AMOUNT      TAX
SR 6%            10.41       0.62
TOTAL            10.41       0.62
THANK YOU PLEASE COME AGAIN
"""


def values(found: Understanding) -> dict[str, str | None]:
    return {f.name: f.value for f in found.fields}
