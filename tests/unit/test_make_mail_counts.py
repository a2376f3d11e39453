"""`make mail` tells which mail an answer was to, also where mails share their ids."""

from __future__ import annotations

from tierline.bench.mail.__main__ import Done, answered
from tierline.bench.mail.judged import Judged


def mail(name: str, robot: str, message_id: str = "<1@a.example>", sender: str = "ann@a.example") -> Done:
    return Done(name, 250, "C1001", 1, Judged(True, robot, message_id, sender, (sender,)), 0.1)


def test_an_answer_is_to_the_person_where_a_robots_mail_has_the_same_id() -> None:
    done = [mail("bounce", "bounce"), mail("person", "")]
    assert answered([("<1@a.example>", "ann@a.example")], done) == {"person": 1}


def test_a_second_answer_is_to_the_robot() -> None:
    done = [mail("bounce", "bounce"), mail("person", "")]
    assert answered([("<1@a.example>", "ann@a.example")] * 2, done) == {"person": 1, "bounce": 1}


def test_a_robots_answer_is_counted_where_it_stands_alone() -> None:
    done = [mail("bounce", "bounce"), mail("person", "", sender="bob@b.example")]
    assert answered([("<1@a.example>", "ann@a.example")], done) == {"bounce": 1}


def test_an_answer_that_names_none_is_to_a_mail_without_an_id() -> None:
    done = [mail("list", "list"), mail("person", "", message_id="")]
    assert answered([("<ours@us.example>", "ann@a.example")], done) == {"person": 1}
