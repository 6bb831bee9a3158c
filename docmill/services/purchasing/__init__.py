"""Purchasing: from a request over approvals and the order to its receipts."""
