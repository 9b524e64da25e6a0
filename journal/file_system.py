"""Whether a path lies on a network file system, where the locks that SQLite needs do not hold."""

from __future__ import annotations

from pathlib import Path

from journal.errors import JournalError

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    (
        *("afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4"),
        *("ocfs2", "smb3", "smbfs", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
    )
)
"""File systems that several machines may mount at once (their names in proc(5), ``mountinfo``)."""


def require_local(path: Path, mounts: Path | None = None) -> None:
    """Refuse a database file on a network file system.

    Args:
        path: the database file, which need not exist.
        mounts: the kernel's list of mounts; this process's by default. Where there is none, nothing is refused.

    Raises:
        JournalError: the file lies, or would lie, on one.
    """
    found = file_system(path, mounts or MOUNTS)
    if found in NETWORK:
        raise JournalError(
            f"{path}: the state database lies on a network file system ({found}), whose locks do not keep two writers"
            " apart. Set [state] path in sync.toml to a folder on a local disk, or use PostgreSQL ([state] url)."
        )


def file_system(path: Path, mounts: Path) -> str | None:
    """Return the type of the file system that holds a path, or None where the kernel does not tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    real = path.resolve()
    best, found = -1, None
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(_plain(before.split(" ")[4]))
        # A later mount on the same point hides the earlier one.
        if after and real.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), after.split(" ")[0]
    return found


def _plain(text: str) -> str:
    """Undo the octal escapes of mountinfo."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
