"""Part of the composition root: the web chat's door, what it knows of conversations, and what runs for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from .channels.channel import Channel as Door
from .channels.channel import Inbound
from .channels.chat.door import ChatDoor, Where
from .channels.chat.files import HERE, ChatFiles
from .channels.chat.page import WidgetPage
from .channels.chat.tokens import Tokens
from .channels.chat.upload import Upload
from .console.listen import Listener
from .queue.engine import Queue
from .queue.history.records import Taken
from .router.arrived_files import Content
from .router.chat_ears import ChatEars
from .router.chat_mail import ChatMail
from .router.chat_places import ChatPlaces
from .router.chats import Chats
from .router.enclosures import Enclosures
from .router.rulebook import Rulebook
from .settings import Secrets, Settings
from .skills.skill import Channel

if TYPE_CHECKING:
    from .queue.history.history import History


def taken_of(history: Callable[[], History], channel: Channel) -> Callable[[int], Awaitable[Sequence[Taken]]]:
    """Who was taken of a channel's waiting customers since an instant (ms), by whichever process."""

    async def taken(since: int) -> Sequence[Taken]:
        from .queue.history.taken import taken_by  # with SQL's library, for which no start waits

        return await taken_by(history().database, channel, since)

    return taken


@dataclass(frozen=True, slots=True)
class ChatSide:
    """The door, and the tasks of a process that has a web face, by name."""

    door: ChatDoor
    files: ChatFiles
    tasks: Mapping[str, Callable[[], Awaitable[None]]]

    def routes(self) -> list[web.RouteDef]:
        """The socket, the widget and visitors' files."""
        pages = (self.door, WidgetPage(self.door), Upload(self.door, self.files))
        return [route for page in pages for route in page.routes()]

    def shown(self, started: bool) -> dict[str, str]:
        """Whether it is on, for `/readyz`."""
        on = started and self.door.talk.face().on
        return {"chat": "on" if on else "off: the plan has no entry {channel: chat, service: …}"}

    def figures(self) -> dict[str, tuple[str, float]]:
        """For `/metrics`."""
        return {"tierline_chat_sockets": ("Visitors' sockets that stand open", self.door.open)}

    def beside(self, others: Content | None) -> Content:
        """The bytes of what customers sent: visitors' are kept here, all else where `others` have it."""

        async def content(url: str) -> bytes:
            if url.startswith(HERE) or others is None:
                return await self.files.content(url)
            return await others(url)

        return content


def chat_side(
    settings: Settings, keys: Secrets, inbound: Inbound, queue: Callable[[], Queue], book: Callable[[], Rulebook],
    history: Callable[[], History], enclosures: Callable[[], Enclosures], listener: Listener, doors: dict[str, Door],
) -> ChatSide:  # fmt: skip
    """Every process has the door: a worker says through it, a web process holds the sockets.

    It is put among the `doors`, the mail door of which sends transcripts.
    """
    places, mails = ChatPlaces(queue, taken_of(history, "chat")), ChatMail(queue, book, doors)
    talk = Chats(queue, history, book, places, mails, enclosures)
    where = Where(settings.base_url, settings.chat_origins, settings.trusted_proxies)
    door = ChatDoor(talk, Tokens(keys.secret), inbound, where)
    doors["chat"] = door
    listener.aside, door.room = (lambda: door.open), listener.has_room
    ears = ChatEars(queue, door.hub)
    return ChatSide(door, ChatFiles(settings.data / "media"), {"chat": ears.run, "chat places": door.hub.run})
