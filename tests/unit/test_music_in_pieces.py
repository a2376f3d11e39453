"""Music is cut into pieces that are whole files, short, and together all of it."""

from __future__ import annotations

import io
import random
import struct
import wave

import pytest

from tierline.channels.voice.pieces import pieces

RATE = 8_000


def song(seconds: float, channels: int = 1) -> bytes:
    """A WAV whose samples tell where they belong."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(
            b"".join(struct.pack("<h", i % 30_000) * channels for i in range(int(seconds * RATE)))
        )
    return file.getvalue()


def frames(count: int, version: int = 3, rate: int = 9, tag: bytes = b"") -> bytes:
    """MP3 frames of 128 kbit/s at 44.1 kHz (MPEG-2: 80 kbit/s at 22.05 kHz), each told apart by its content."""
    size = 144 * 128_000 // 44_100 if version == 3 else 72 * 80_000 // 22_050
    head = bytes((0xFF, 0xE0 | version << 3 | 1 << 1 | 1, rate << 4, 0))
    return tag + b"".join(head + struct.pack("<I", n) + bytes(size - 8) for n in range(count))


@pytest.mark.promise("call-music-long")
@pytest.mark.parametrize("channels", [1, 2])
def test_the_pieces_of_a_wav_are_files_of_18_seconds_and_all_of_it(channels: int) -> None:
    found = pieces(song(60, channels))
    lasting, whole = [], b""
    for it in found:
        assert it.kind == "audio/wav"
        with wave.open(io.BytesIO(it.content)) as part:
            assert (part.getframerate(), part.getnchannels(), part.getsampwidth()) == (RATE, channels, 2)
            lasting.append(part.getnframes() / RATE)
            whole += part.readframes(part.getnframes())
    assert lasting == [18, 18, 18, 6]
    with wave.open(io.BytesIO(song(60, channels))) as before:
        assert whole == before.readframes(before.getnframes())


@pytest.mark.promise("call-music-long")
@pytest.mark.parametrize(("version", "a_second"), [(3, 44_100 / 1152), (2, 22_050 / 576)])
def test_mp3_is_cut_between_frames_and_none_is_lost(version: int, a_second: float) -> None:
    tag = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)
    sound = frames(round(50 * a_second), version, tag=tag)
    found = pieces(sound)
    assert len(found) == 3 and {it.kind for it in found} == {"audio/mpeg"}
    assert b"".join(it.content for it in found) == sound[len(tag) :]
    size = len(frames(1, version))
    assert all(len(it.content) % size == 0 and len(it.content) / size <= 18 * a_second for it in found)


def test_the_first_frame_that_only_describes_the_file_is_left_out() -> None:
    described = frames(1)[:40] + b"Xing" + frames(1)[44:]
    assert pieces(described + frames(100))[0].content == frames(100)


def test_what_is_no_sound_of_these_kinds_is_left_alone_whatever_it_is() -> None:
    rng = random.Random(7)
    for base in (song(2), frames(40), b"OggS" + bytes(100), b"", b"RIFF", b"ID3"):
        for _ in range(300):
            wild = bytearray(base)
            for _ in range(rng.randrange(1, 6)):
                if wild:
                    wild[rng.randrange(min(len(wild), 60))] = rng.randrange(256)
            for it in pieces(bytes(wild[: rng.randrange(len(wild) + 1)])):
                assert it.content
    assert pieces(b"OggS" + bytes(1_000)) == ()
