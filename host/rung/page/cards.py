"""Lists whose entries come, move and go; one that stays keeps its element, and with it the keyboard's focus."""

from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from nicegui.element import Element


class Card(Protocol):
    """One entry's part of the page."""

    @property
    def element(self) -> Element: ...


K = TypeVar("K")
C = TypeVar("C", bound=Card)


class Cards(Generic[K, C]):
    """``make`` builds the card of one key, within ``into``."""

    def __init__(self, into: Element, make: Callable[[K], C]) -> None:
        self._into = into
        self._make = make
        self._cards: dict[K, C] = {}  # in their order on the page

    def arrange(self, keys: Iterable[K]) -> dict[K, C]:
        """Exactly these from now on, in this order; gives their cards. Only what is out of its place is moved."""
        wanted = list(keys)
        for gone in self._cards.keys() - set(wanted):
            self._cards.pop(gone).element.delete()
        order = list(self._cards)
        for place, key in enumerate(wanted):
            if key not in self._cards:
                with self._into:
                    self._cards[key] = self._make(key)
                order.append(key)
            if order[place] != key:
                order.remove(key)
                order.insert(place, key)
                self._cards[key].element.move(target_index=place)
        self._cards = {key: self._cards[key] for key in wanted}
        return self._cards
