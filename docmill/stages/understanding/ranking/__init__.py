"""The learned ranker of candidates: what may be a field, what is looked at, the linear model, and how it is learned. Without a model the rules decide."""
