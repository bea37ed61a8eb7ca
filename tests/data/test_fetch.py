"""Data sets are fetched whole and right, or not at all. The mirror is a server on this machine."""

import gzip
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from fbp.data.dataset import DataError
from fbp.data.fetch import fetch
from fbp.data.known import KNOWN, KnownFile, KnownSet, numbers

CONTENT = np.random.default_rng(0).bytes(5000)
ZIPPED = gzip.compress(CONTENT, mtime=0)


@pytest.fixture
def mirror():
    """The address of a server, and the paths it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path == "/absent":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(ZIPPED)))
            self.end_headers()
            if self.path == "/good":
                self.wfile.write(ZIPPED)
            elif self.path == "/wrong":
                self.wfile.write(gzip.compress(CONTENT[::-1], mtime=0)[: len(ZIPPED)])
            elif self.path == "/damaged":
                self.wfile.write(b"x" * len(ZIPPED))
            elif self.path == "/truncated":
                self.wfile.write(ZIPPED[:100])

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def toy(*urls: str) -> KnownSet:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return KnownSet("toy", "for tests", (KnownFile("toy.gz", sha256, urls, gzip.decompress),))


def test_a_set_is_fetched_once(mirror, tmp_path):
    address, asked = mirror
    known = toy(f"{address}/good")
    assert fetch(known, tmp_path / "new") == tmp_path / "new" / "toy"
    assert (tmp_path / "new" / "toy" / "toy.gz").read_bytes() == ZIPPED
    fetch(known, tmp_path / "new")
    assert asked == ["/good"]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("wrong", r"wrong checksum \(5\d\d\d bytes\)"),
        ("damaged", "damaged"),
        ("truncated", "IncompleteRead"),
        ("absent", "Not Found"),
    ],
)
def test_a_bad_mirror_leaves_nothing_behind(mirror, tmp_path, path, problem):
    address, _ = mirror
    with pytest.raises(DataError, match=f"/{path}: .*{problem}") as error:
        fetch(toy(f"{address}/{path}"), tmp_path)
    assert "put it at toy/toy.gz in a folder and set FBP_DATA" in str(error.value)
    assert list((tmp_path / "toy").iterdir()) == []


def test_the_next_mirror_is_tried(mirror, tmp_path):
    address, asked = mirror
    fetch(toy(f"{address}/wrong", f"{address}/absent", f"{address}/good"), tmp_path)
    assert asked == ["/wrong", "/absent", "/good"]
    assert (tmp_path / "toy" / "toy.gz").read_bytes() == ZIPPED


def test_a_damaged_file_is_fetched_anew(mirror, tmp_path):
    address, _ = mirror
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "toy.gz").write_bytes(ZIPPED[:-20])
    fetch(toy(f"{address}/good"), tmp_path)
    assert (tmp_path / "toy" / "toy.gz").read_bytes() == ZIPPED


def test_without_a_network(tmp_path):
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9/x: .*refused"):
        fetch(toy("http://127.0.0.1:9/x"), tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "toy").touch()
    with pytest.raises(DataError, match="toy: cannot be written"):
        fetch(toy(), tmp_path)


def test_what_is_written_is_whole_or_absent(mirror, tmp_path, monkeypatch):
    address, _ = mirror

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="No space left"):
        fetch(toy(f"{address}/good"), tmp_path)
    assert list((tmp_path / "toy").iterdir()) == []


def test_a_table_of_numbers_has_one_spelling():
    assert numbers(b"1.50\t\t2\n3 4e0\n") == numbers(b"1.5 2.0\r\n3.000\t4") == b"1.5\t2\n3\t4\n"


@pytest.mark.parametrize("known", KNOWN.values(), ids=lambda known: known.name)
def test_the_real_files_have_the_known_checksums(data_folder, known):
    for file in known.files:
        assert file.matches((data_folder / known.name / file.name).read_bytes())
        assert file.urls
