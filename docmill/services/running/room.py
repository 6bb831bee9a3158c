"""What a run works with: the opened ledger, store and knowledge base of one tenant, and the limits it hands to workers."""

from dataclasses import dataclass

from docmill.services.ledger_key import seal_of
from docmill.services.milling.shard import MillLimits
from docmill.settings import Settings
from docmill.storage.knowledge.opening import open_knowledge_base
from docmill.storage.knowledge.ports import KnowledgeBase
from docmill.storage.ledger import Ledger, open_ledger
from docmill.storage.objects import StoreSpec, open_store
from docmill.values.options import AUTO
from docmill.values.ports import ObjectStore


@dataclass(frozen=True)
class Room:
    """Opened parts of one tenant, shared by all that runs in a flow process or a command."""

    tenant: str
    ledger: Ledger
    store: ObjectStore
    store_spec: StoreSpec
    knowledge: KnowledgeBase
    limits: MillLimits
    settings: Settings
    ocr_provider: str = AUTO
    """The engine for documents whose options say auto; a run's own, from its saved block."""

    @classmethod
    def open(cls, settings: Settings, tenant: str | None = None) -> "Room":
        """Open everything that settings name.

        Raises:
            LedgerOutdated, LedgerUnavailable, StoreUnavailable, SettingsInvalid: what is missing and how to mend it.
        """
        spec = StoreSpec.from_settings(settings)
        ledger = open_ledger(settings.resolved_ledger_url, seal=seal_of(settings))
        return cls(
            tenant=tenant or settings.tenant,
            ledger=ledger,
            store=open_store(spec),
            store_spec=spec,
            knowledge=open_knowledge_base(settings, ledger),
            limits=MillLimits.from_settings(settings),
            settings=settings,
        )

    def close(self) -> None:
        """Close the ledger's connections."""
        self.ledger.close()
