"""Opens the knowledge base that the settings name."""

from docmill.settings import Settings
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import KnowledgeBase


def open_knowledge_base(settings: Settings) -> KnowledgeBase:
    """The knowledge base of this installation: LanceDB in `settings.knowledge_dir`. Touches no file before the first call."""
    return LanceKnowledgeBase(settings.knowledge_dir)
