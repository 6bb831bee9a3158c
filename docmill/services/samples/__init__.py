"""Demo and benchmark documents, written by docmill itself: invented content, the same bytes every time, no files shipped.

Belongs here: making such files. Does not belong here: milling them.
"""

from docmill.services.samples.bulk import write_scans, write_tiny
from docmill.services.samples.demo import write_samples

__all__ = ["write_samples", "write_scans", "write_tiny"]
