"""The knowledge base: chunks with vectors that can be found again. `opening` opens the one that the settings name."""
