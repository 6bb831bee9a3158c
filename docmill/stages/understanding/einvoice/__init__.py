"""E-invoices: XML to fields, exact, and cross-checked with the visible page. Formats: ZUGFeRD 1, Factur-X and XRechnung (CII), UBL."""
