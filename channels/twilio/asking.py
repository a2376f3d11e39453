"""One request to Twilio's REST API: whether it may leave, and what its failure means."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException

from ..channel import NotDelivered, OutcomeUnknown
from ..fence import check_ours, kept_back
from .http import SlowDown, never_sent


@contextlib.contextmanager
def asking(words: Callable[[str], str], temporary: frozenset[str]) -> Iterator[None]:
    """Around one request: raises NotDelivered or OutcomeUnknown.

    `words` says an error number for people; `temporary` ones pass by themselves. 5xx: perhaps done all the same.
    """
    check_ours()
    try:
        yield
    except SlowDown as slow:
        raise NotDelivered(words("20429"), "20429", retry_after=slow.retry_after) from None
    except TwilioRestException as error:
        if error.status >= 500:
            raise OutcomeUnknown(f"Twilio answered {error.status}") from None
        code = str(error.code or "")
        said = words(code or str(error.status))
        raise NotDelivered(said, code or str(error.status), permanent=code not in temporary) from None
    except (aiohttp.ClientError, TimeoutError, OSError, TwilioException) as error:
        if fenced := kept_back(error):
            raise fenced from None
        if never_sent(error):
            raise NotDelivered("Twilio cannot be reached") from None
        raise OutcomeUnknown(type(error).__name__) from None
