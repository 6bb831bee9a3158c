"""Learn from what people decided: documents that may teach train the model of kinds, the thresholds and the ranker; what is better is put to use."""

from prefect import flow

from docmill.services.learning.retraining import RATE, retrain
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="retrain-models", persist_result=False, **HOOKS)
def retrain_models(rate: float = RATE, use: bool = True) -> dict[str, str]:  # noqa: FBT001, FBT002 - a parameter of Prefect's form
    """Train on the decisions there are by now. Returns what became of each learner.

    Args:
        rate: Share of wrong fields among accepted ones that learned thresholds promise.
        use: Put better versions to use at once; else `docmill models promote` does.
    """
    with open_room() as room:
        return {one.learner.value: one.reason for one in retrain(room, by="local", rate=rate, use=use)}
