"""The tables that the first revision makes: accounts, work, results and events, as they were at that moment."""
