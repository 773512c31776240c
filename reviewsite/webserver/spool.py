"""A queue of bytes: in memory while it is small, beyond that in a file without a name."""

from tempfile import SpooledTemporaryFile

MEMORY = 256 * 2**10


class Spool:
    def __init__(self) -> None:
        self._file: SpooledTemporaryFile[bytes] | None = None
        self._read = 0
        self.size = 0
        """Bytes written since it was last empty, which is what it takes on disk."""

    def __len__(self) -> int:
        return self.size - self._read

    def write(self, data: bytes | memoryview) -> None:
        if not data:
            return
        if self._file is None:
            self._file = SpooledTemporaryFile(max_size=MEMORY)  # noqa: SIM115 - closed by `clear`
        self._file.seek(self.size)
        self._file.write(data)
        self.size += len(data)

    def peek(self, size: int) -> bytes:
        if self._file is None:
            return b""
        self._file.seek(self._read)
        return self._file.read(size)

    def skip(self, size: int) -> None:
        self._read += size
        if self._read == self.size:
            self.clear()

    def read(self, size: int) -> bytes:
        data = self.peek(size)
        self.skip(len(data))
        return data

    def clear(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._read, self.size = None, 0, 0
