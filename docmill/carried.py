"""A shard on its way through a Dask scheduler, and its report on the way back, as bytes.

A scheduler builds the function and every argument of a task that it hands on. It would hold each item and artefact of what waits, load all of
docmill for that, and need the workers' version of it. Bytes it passes on as they are, and this module loads nothing before a shard is milled.
"""

import pickle
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docmill.services.milling import Shard, ShardReport

_QUICKLY = 1
"""zlib's level: five to ten times smaller in a few milliseconds for 500 items."""


def pack(thing: "Shard | ShardReport") -> bytes:
    """A shard or a report as bytes, for `mill_packed` or `unpack_report` of the same version of docmill."""
    return zlib.compress(pickle.dumps(thing, pickle.HIGHEST_PROTOCOL), _QUICKLY)


def unpack_report(packed: bytes) -> "ShardReport":
    """The report that a worker packed."""
    report: ShardReport = _unpacked(packed)
    return report


def mill_packed(packed: bytes, version: str, last_try: bool) -> bytes:  # noqa: FBT001 - sent by position through Dask
    """`mill_shard` of a packed shard; its report packed.

    Args:
        packed: the shard.
        version: of the docmill that packed it; what another one packed is not unpacked.
        last_try: as for `mill_shard`.

    Raises:
        VersionMismatch: this worker runs another version of docmill.
        StoreUnavailable: the store did not answer at all.
    """
    from docmill.logs import start_logging  # noqa: PLC0415 - a scheduler imports this module, and mills nothing
    from docmill.services.milling.work import check_version, mill_shard  # noqa: PLC0415 - as above
    from docmill.settings import settings  # noqa: PLC0415 - as above

    check_version(version)
    start_logging(settings())  # a Dask worker has not gone through the command line
    return pack(mill_shard(_unpacked(packed), last_try))


def _unpacked(packed: bytes) -> Any:
    return pickle.loads(zlib.decompress(packed))  # noqa: S301 - Dask, which carries it, unpickles what its peers send anyway
