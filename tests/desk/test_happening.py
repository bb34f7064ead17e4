"""Whoever watches a desk never stops it."""

import threading

from rung.desk.happening import BACKLOG_MAX, Happening, Teller


def test_everything_told_is_watched_in_order_before_it_closes() -> None:
    seen: list[Happening] = []
    teller = Teller(seen.append)
    for number in range(100):
        teller.tell("trouble", text=str(number))
    teller.close()
    assert [happening.text for happening in seen] == [str(number) for number in range(100)]


def test_a_watcher_that_fails_is_told_the_next_all_the_same() -> None:
    seen: list[str] = []

    def watch(happening: Happening) -> None:
        seen.append(happening.text)
        raise OSError("no space left on the watcher's disk")

    teller = Teller(watch)
    teller.tell("trouble", text="first")
    teller.tell("trouble", text="second")
    teller.close()
    assert seen == ["first", "second"]


def test_a_watcher_that_never_comes_back_holds_up_neither_the_desk_nor_its_end() -> None:
    back = threading.Event()
    teller = Teller(lambda _: back.wait() and None)
    for _ in range(BACKLOG_MAX + 10):
        teller.tell("trouble")
    teller.close()
    back.set()
