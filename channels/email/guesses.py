"""Which charset bytes are in that claim none and aren't UTF-8: told by the letters that its languages use most. Pure."""

from __future__ import annotations

import re

SAMPLE = 4_000
"""Bytes that are looked at."""
_FEWEST = 4
"""Characters beyond ASCII below which nothing can be told of the charsets of many letters."""
_OFTEN = {
    "gb18030": (
        "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能"
        "下过子说产种面而方后多定行学法所民得经三之进着等部度家电里如水化高自现实加量都两机当使点"
        "从业本把性好应开它合还因由其些然前外天日那社事平全表间样与关各重新线内正心反你明看原又么"
        "利但质气第向道此变条没结解问意建月公无系军很情最立代想已通并提题体谢请您吗邮件联系客户号"
        "费码"
    ),
    "cp950": (
        "的一是不了在有人我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得于著下自之"
        "年過發後作里裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主"
        "樣理心她本前開但因只從想實請您謝謝郵件訊息電話聯絡服務公司問題無法使用產品訂單客戶"
    ),
    "euc_kr": (
        "이다는을에의가고하한로은지를도사기서어인해리아그나시자대니들있일정보수부게스습라요주합전"
        "제안오면것여으입세문메신발송감확구드까요하십"
    ),
}
_CODECS = {"euc_kr": "cp949"}
_KANA = range(0x3041, 0x30FF)
_WORDS = re.compile(rb"[A-Za-z\x80-\xff]{2,}")
_HALF_KANA = range(0xFF61, 0xFFA0)
_THAI = range(0x0E01, 0x0E5C)
_THAI_MARKS = "ัิีึืุู็่้๊๋์"


def likeliest(data: bytes) -> str:
    """Python's name of the charset; Western for what tells nothing."""
    sample = data[:SAMPLE]
    if len(data) > SAMPLE and b"\n" in sample:  # no character is cut in two
        sample = sample[: sample.rindex(b"\n")]
    return _of_many_letters(sample) or _of_two_alphabets(sample)


def _of_many_letters(sample: bytes) -> str:
    """Chinese, Japanese, Korean and Thai: a third and more of their letters are among a few hundred."""
    shares = {
        _CODECS.get(name, name): _share(sample, name, frozenset(often)) for name, often in _OFTEN.items()
    }
    shares["cp932"] = _kana(sample, "cp932")
    shares["euc_jp"] = _kana(sample, "euc_jp")
    shares["cp874"] = _thai(sample)
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= 0.3 else ""


def _beyond(sample: bytes, name: str) -> str:
    """Its characters beyond ASCII, "" where it isn't in that charset; a broken place or two are forgiven."""
    text = sample.decode(_CODECS.get(name, name), "replace")
    beyond = "".join(it for it in text if it > "\x7f")
    broken = beyond.count("\ufffd")
    return beyond if len(beyond) >= _FEWEST and broken * 50 <= len(beyond) else ""


def _share(sample: bytes, name: str, often: frozenset[str]) -> float:
    beyond = _beyond(sample, name)
    return sum(it in often for it in beyond) / len(beyond) if beyond else 0.0


def _kana(sample: bytes, name: str) -> float:
    """Half-width ones are what Latin letters look like to such a charset."""
    beyond = _beyond(sample, name)
    if not beyond or sum(ord(it) in _HALF_KANA for it in beyond) * 3 > len(beyond):
        return 0.0
    return sum(ord(it) in _KANA for it in beyond) / len(beyond)


def _thai(sample: bytes) -> float:
    """Vowels and tones stand above and below other letters; of those, Cyrillic charsets have few where Thai has most."""
    beyond = _beyond(sample, "cp874")
    marks = sum(it in _THAI_MARKS for it in beyond)
    low = sum(0xA1 <= it <= 0xBF for it in sample)
    if not beyond or marks * 10 < len(beyond) or low * 4 < len(beyond):
        return 0.0
    return sum(ord(it) in _THAI for it in beyond) / len(beyond)


def _of_two_alphabets(sample: bytes) -> str:
    """Cyrillic words are all high bytes, and mostly small letters; Western ones have a few among others."""
    high = [it for it in sample if it >= 0x80]
    letters = sum(it >= 0xC0 for it in high)
    nearly_all = letters * 3 >= len([it for it in sample if it > 0x40]) * 2
    if letters < 6 or not (nearly_all or _whole_words(sample)):
        return "cp1252"
    small = {
        name: sum(it.islower() for it in sample.decode(name, "replace")) for name in ("cp1251", "koi8_r")
    }
    return max(small, key=lambda name: small[name])


def _whole_words(sample: bytes) -> bool:
    """Whether its high bytes stand in words of their own, as beside a product's Latin name."""
    them: list[bytes] = [it for it in _WORDS.findall(sample) if max(it) >= 0xC0]
    whole = sum(len(it) >= 3 and min(it) >= 0xC0 for it in them)
    return whole >= 2 and whole * 3 > len(them) * 2
