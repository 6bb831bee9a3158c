"""What machines learn from people's decisions: lessons, models, versions of models, which one is in use."""
