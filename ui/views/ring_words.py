"""What the graph of rings says in words: overview, people, calls, cases, links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QColor

from app.messages import message
from ui.language import current_language, text_of

if TYPE_CHECKING:
    from app.services.grouping import Grouping
    from app.services.ring_picture import Moment, Node, Picture


class RingWords(QObject):
    """Words about a grouping, as HTML with links: ``listen/<voice>``, ``same_ring/<link>``,
    ``different_ring/<link>``."""

    def __init__(self, colour: Callable[[int], QColor], parent: QObject) -> None:
        super().__init__(parent)
        self._colour = colour
        self._grouping: Grouping | None = None
        self._picture: Picture | None = None
        self._moments: Sequence[Moment] = ()

    def tell_of(
        self, grouping: Grouping | None, picture: Picture | None, moments: Sequence[Moment]
    ) -> None:
        """Tell of another grouping from now on."""
        self._grouping, self._picture, self._moments = grouping, picture, moments

    def html(self, node: int) -> str:
        """What is known of a node; with -1 the overview."""
        if self._grouping is None or self._picture is None:
            return escape(self.tr("Group the voices of the case to see who is heard where."))
        if node < 0:
            return self._overview_html(self._grouping)
        chosen = self._picture.nodes[node]
        if chosen.kind == "case":
            return self._case_html(node)
        ring = self.tr("no ring") if chosen.ring is None else self.ring_name(chosen.ring)
        role = f", {text_of(f'role.{chosen.role}')}" if chosen.role else ""
        lines = [f"<h3>{escape(chosen.name)}</h3><p>{escape(ring)}{escape(role)}</p>"]
        for moment in self._moments:
            if moment.call == chosen.key:
                way = text_of(f"direction.{chosen.direction or 'unknown'}")
                time = f"{self.when(moment)}, {way}"
                lines.append(f"<p>{escape(time)}</p>")
        touches = (self._picture.edges == node).any(axis=1) & (self._picture.voices >= 0)
        rows = np.flatnonzero(touches)
        for row in rows.tolist():
            voice, value = int(self._picture.voices[row]), self._picture.log10_lr[row]
            heard = self._grouping.voices[voice]
            person = self._picture.nodes[self._picture.edges[row, 0]].name
            evidence = f"log10 LR {value:+.2f}" if np.isfinite(value) else self.tr("only voice")
            name = f"{person}: {heard.path.name} {heard.speaker}"
            lines.append(
                f"<p><a href='listen/{voice}'>▶</a> {escape(name)}<br>{escape(evidence)}</p>"
            )
        return "".join(lines)

    def _case_html(self, node: int) -> str:
        """A case and its calls."""
        assert self._picture is not None
        pairs = self._picture.edges[self._picture.edges[:, 0] == node]
        names = [self._picture.nodes[call].name for call in pairs[:, 1].tolist()]
        title = self.tr("Case {number}").format(number=self._picture.nodes[node].name)
        return f"<h3>{escape(title)}</h3><p>{'<br>'.join(map(escape, names))}</p>"

    def ring_name(self, ring: int) -> str:
        """A ring by its place."""
        return self.tr("Ring {number}").format(number=ring + 1)

    def _part_name(self, grouping: Grouping, part: int) -> str:
        """A ring, or the call that is alone."""
        if part < grouping.n_rings:
            return self.ring_name(part)
        call = grouping.rings.rings[part].calls[0]
        return next(v.path.name for v in grouping.voices if v.recording.sha256 == call)

    def _overview_html(self, grouping: Grouping) -> str:
        lines = []
        for number, ring in enumerate(grouping.rings.rings[: grouping.n_rings]):
            colour = self._colour(number).name()
            text = self.tr("{people} heard again and again, {calls} calls").format(
                people=", ".join(ring.people), calls=len(ring.calls)
            )
            weakest = ""
            if ring.weakest is not None:
                weakest = self.tr("Weakest joint: {joint}").format(
                    joint=self._ties(grouping, ring.weakest.ties)
                )
            lines.append(
                f"<p><b style='color:{colour}'>{escape(self.ring_name(number))}</b> "
                f"{escape(text)}<br>{escape(weakest)}</p>"
            )
        one, two = escape(self.tr("One ring")), escape(self.tr("Two rings"))
        for number, link in enumerate(grouping.rings.links):
            names = " – ".join(self._part_name(grouping, ring) for ring in link.rings)
            lines.append(
                f"<p>{escape(names)}: {escape(self._ties(grouping, link.joint.ties))}<br>"
                f"<a href='same_ring/{number}'>{one}</a> · "
                f"<a href='different_ring/{number}'>{two}</a></p>"
            )
        lines = lines or [f"<p>{escape(self.tr('Nobody is heard in two calls.'))}</p>"]
        return "".join([*lines, *self._left_out(grouping)])

    def _left_out(self, grouping: Grouping) -> list[str]:
        """Calls and speakers that take no part, and why."""
        reasons = []
        for item in grouping.skipped:
            error = item.error
            reason = message(error.code.value, current_language(), error.params)
            name = " ".join(part for part in (item.path.name, item.speaker) if part)
            reasons.append(f"<p>{escape(name)}: {escape(reason)}</p>")
        title = f"<p><b>{escape(self.tr('Left out'))}</b></p>"
        return [title, *reasons] if reasons else []

    def _ties(self, grouping: Grouping, ties: Sequence[Any]) -> str:
        parts = []
        for tie in ties:
            shown = grouping.shown(tie.log10_lr)
            value = self.tr("decided") if shown is None else f"log10 LR {shown:+.2f}"
            calls = " / ".join(str(len(side)) for side in tie.calls)
            parts.append(
                self.tr("{person} {value} (calls: {calls})").format(
                    person=tie.person, value=value, calls=calls
                )
            )
        return ", ".join(parts)

    def when(self, moment: Moment) -> str:
        """When a call was made; where that is unknown, that it was received then."""
        time = moment.time.replace("T", " ")
        if moment.is_receipt:
            return self.tr("received {time}").format(time=time[:10] or "—")
        return time if moment.zoned else self.tr("{time} (time zone unknown)").format(time=time)

    def line(self, moment: Moment, node: Node) -> str:
        """A call in the order of time."""
        parts = [self.when(moment), node.name]
        if node.direction in ("incoming", "outgoing"):
            parts.insert(1, text_of(f"direction.{node.direction}"))
        return " · ".join(parts)
