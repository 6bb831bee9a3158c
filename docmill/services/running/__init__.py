"""A batch run in the flow process: claim jobs, plan shards, fold what workers leave into the ledger, end jobs, report.

Belongs here: everything about a run that needs the ledger. Does not belong here: Prefect, Dask (flows, tasks, blocks), or work on documents.
"""
