"""Opens the knowledge base that the settings name."""

from contextlib import AbstractContextManager

from docmill.settings import Settings
from docmill.storage.knowledge.lance import LanceKnowledgeBase, Turn
from docmill.storage.knowledge.lock import write_lock
from docmill.storage.knowledge.ports import KnowledgeBase
from docmill.storage.ledger.engine import Ledger
from docmill.storage.ledger.turns import has_turns, turn

LOCK_WAIT_S = 60.0


def open_knowledge_base(settings: Settings, ledger: Ledger) -> KnowledgeBase:
    """The knowledge base of this installation: LanceDB at `settings.knowledge_url`, else in `settings.knowledge_dir`. Opens nothing of it yet.

    Args:
        settings: where it is.
        ledger: gives writers of a bucket their turns, where it is a server; else lock files under home do, for one machine.
    """
    if settings.knowledge_url is None:
        return LanceKnowledgeBase(settings.knowledge_dir)
    return LanceKnowledgeBase(settings.knowledge_url, turn=_turns(settings, ledger))


def held_still(settings: Settings, ledger: Ledger, tenant: str) -> AbstractContextManager[None]:
    """The tenant's index while nobody changes it, so that it can be counted at the instant of something else; searches go on.

    Raises:
        StoreUnavailable: a writer did not end within a minute.
    """
    if settings.knowledge_url is None:
        return write_lock(settings.knowledge_dir, tenant, LOCK_WAIT_S)
    return _turns(settings, ledger)(tenant)


def _turns(settings: Settings, ledger: Ledger) -> Turn:
    folder, is_server = settings.home.absolute() / "knowledge-turns", has_turns(ledger)

    def of_tenant(tenant: str) -> AbstractContextManager[None]:
        return turn(ledger, f"knowledge {tenant}", LOCK_WAIT_S) if is_server else write_lock(folder, tenant, LOCK_WAIT_S)

    return of_tenant
