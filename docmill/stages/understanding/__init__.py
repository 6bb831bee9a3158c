"""Understanding: what kind of document it is and what it says. Pure functions over read pages; knows no other stage."""
