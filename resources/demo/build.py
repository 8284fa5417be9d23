"""Makes the demo recordings from synthetic voices: `python resources/demo/build.py`.

Needs Debian's flite. The voices are synthetic; no person speaks here. The files are committed, so
only a change of texts calls for this.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import av

HERE = Path(__file__).resolve().parent

QUESTIONED_TEXT = (
    "Good afternoon, this is the customer protection desk of your bank. We have noticed two "
    "payments on your account that you may not have made yourself. Please do not hang up, and do "
    "not call the branch, because the line may be monitored. I will give you a case number, and "
    "then I will connect you with the investigator who is responsible for your case today. He "
    "will ask you for the last four digits of the account and for the name of the branch."
)
KNOWN_TEXT = (
    "My name is written on the form in front of you. I came to the station this morning by train, "
    "and I had coffee with my sister before that. In the evening I usually cook something simple, "
    "rice and vegetables, and listen to the radio. On weekends we drive to the coast when the "
    "weather is fine. I have worked in the same warehouse for about eleven years, mostly nights."
)
OTHER_TEXT = (
    "The weather report for tomorrow promises a clear sky in the morning and some clouds in the "
    "afternoon. Along the coast the wind comes from the north west. In the mountains the first "
    "snow of the year is expected above one thousand metres, so please drive with care. The day "
    "after tomorrow it will be warmer again, with a little rain in the south."
)

# name, flite voice, text, container, codec, sample rate in Hz, bit rate in bit/s (0: the codec's)
RECORDINGS = (
    ("문제음성_synthetic.amr", "rms", QUESTIONED_TEXT, "amr", "libopencore_amrnb", 8000, 12200),
    ("대조음성_synthetic.m4a", "rms", KNOWN_TEXT, "ipod", "aac", 16000, 32000),
    ("대조음성2_synthetic.wav", "awb", OTHER_TEXT, "wav", "pcm_mulaw", 8000, 0),
)


def build(directory: Path) -> None:
    """Synthesise every demo recording into `directory`."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, voice, text, container, codec, rate_hz, bit_rate in RECORDINGS:
            spoken = Path(scratch) / "spoken.wav"
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", spoken], check=True)
            _encode(spoken, directory / name, container, codec, rate_hz, bit_rate)


def _encode(
    source: Path, target: Path, container: str, codec: str, rate_hz: int, bit_rate: int
) -> None:
    with av.open(source) as reader, av.open(target, "w", format=container) as writer:
        stream = writer.add_stream(codec, rate=rate_hz, layout="mono")
        if bit_rate:
            stream.bit_rate = bit_rate
        resampler = av.AudioResampler(
            stream.codec_context.format, "mono", rate_hz, stream.codec_context.frame_size or 160
        )
        for frame in [*reader.decode(audio=0), None]:
            for converted in resampler.resample(frame):
                writer.mux(stream.encode(converted))
        writer.mux(stream.encode(None))


if __name__ == "__main__":
    build(HERE)
