"""A `rung.toml` that cannot be used gets one line: file, key, what is wrong, what is allowed."""

import re
from pathlib import Path

import pytest

from rung.cli.doctor import examine
from rung.config import (
    AsteriskConfig,
    BaresipConfig,
    BoxConfig,
    ConfigError,
    DeskConfig,
    FloorConfig,
    PageConfig,
    QueueConfig,
    SipConfig,
    read_config,
)
from rung.policy import Times
from rung.words import Call, CallState, Person, Role

EXAMPLE = Path(__file__).parents[2] / "host" / "rung.example.toml"
POLICIES = Path(__file__).parents[2] / "host" / "rung" / "policy" / "shipped"
GOOD = '[box]\nport = "/dev/ttyUSB0"\n[phone]\nuser = "1001"\nsupervisors = "sip:s@127.0.0.1"\n'
ASTERISK = '[phone]\nkind = "asterisk"\nuser = "rung"\nsecret = "open"\nsupervisors = "600"\nendpoint = "PJSIP/1001"\n'
BARESIP = '[phone]\nkind = "baresip"\ncontrol = "127.0.0.1:4444"\nextension = "1001"\nsupervisors = "600"\n'


def test_the_example_is_good() -> None:
    config = read_config(EXAMPLE)
    assert config.policy().name == "warm-transfer"
    assert config.desk.person == "agent-17"


def test_the_example_names_every_key() -> None:
    text = EXAMPLE.read_text()
    phones = (SipConfig, AsteriskConfig, BaresipConfig)
    for table in (BoxConfig, *phones, DeskConfig, QueueConfig, FloorConfig, PageConfig, Times):
        for field in table.__struct_fields__:
            assert re.search(rf"^(# )?{field} = ", text, re.MULTILINE), f"{table.__name__}.{field}"


def test_times_replace_the_policys_own(tmp_path: Path) -> None:
    file = tmp_path / "rung.toml"
    file.write_text(GOOD + "[times]\nwait = 0.5\nsay_time = 4\nanswer_within = 30\n")
    assert read_config(file).policy().times.wait_ms == 500


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("[box\n", "not valid TOML", ""),
        (GOOD + "[foo]\n", "foo: unknown", "phone, box, desk, queue, floor, privacy, page, after, times"),
        (GOOD + '[desk]\npersn = "x"\n', "desk.persn: unknown", "person"),
        (GOOD.replace('"/dev/ttyUSB0"', "3"), "box.port", "str"),
        (GOOD.replace('"/dev/ttyUSB0"', '""'), "box.port", '"auto"'),
        (GOOD.replace("[phone]", 'id = "my box"\n[phone]'), "box.id", "rung doctor"),
        (GOOD.replace("user", "usr"), "phone.usr: unknown", "user"),
        (GOOD + 'kind = "avaya"\n', "phone.kind", "sip"),
        (ASTERISK.replace("PJSIP/1001", "1001"), "phone.endpoint", "PJSIP/1001"),
        (ASTERISK.replace("endpoint", "endpont"), "phone.endpont: unknown", "endpoint, host"),
        (ASTERISK + 'dial = "PJSIP/"\n', "phone.dial", "Local/{}@from-internal"),
        (ASTERISK + "port = 0\n", "phone.port", "between 1 and 65535"),
        (ASTERISK + 'port = "5038"\n', "phone.port", "int"),
        (ASTERISK.replace('"600"', '"6 0"'), "phone.supervisors", "such as 600"),
        (ASTERISK.replace('"open"', '""'), "phone.secret", "PHONES.md"),
        (BARESIP.replace("4444", "x"), "phone.control", "127.0.0.1:4444"),
        (BARESIP.replace("127.0.0.1", "10.0.0.1"), "phone.control", "of this computer"),
        (BARESIP.replace('"1001"', '"10 01"'), "phone.extension", "such as 1001"),
        (GOOD + '[desk]\nrecording = "always"\n', "desk.recording", "announced, consented, never"),
        (GOOD + 'listen = "5060"\n', "phone.listen", "127.0.0.1:5060"),
        (GOOD.replace("sip:s@127.0.0.1", ""), "phone.supervisors", "extension"),
        (GOOD + '[desk]\npolicy = "gentle"\n', "desk.policy", "warm-transfer"),
        (GOOD + '[desk]\nname = "../x"\n', "desk.name", "letters"),
        (GOOD.replace('"1001"', '""'), "phone.user", "1001"),
        (GOOD.replace("sip:s@127.0.0.1", "@"), "phone.supervisors", "sip:supervisors@"),
        (GOOD + 'listen = "foo bar:5060"\n', "phone.listen", "127.0.0.1:5060"),
        (GOOD + 'listen = "127.0.0.1:65536"\n', "phone.listen", "127.0.0.1:5060"),
        (GOOD + 'audio_driver = "foo bar"\n', "phone.audio_driver", "alsa"),
        (GOOD + 'audio_driver = ""\n', "phone.audio_driver", "alsa"),
        (GOOD + 'audio_player = "alsa,hw 1"\n', "phone.audio_player", "alsa,plughw:1"),
        (GOOD + 'ca = "pbx.pem"\n', "phone.ca", "tls"),
        (GOOD + 'transport = "tls"\n', "phone.transport", "phone.domain"),
        (GOOD + 'encryption = "zrtp"\n', "phone.encryption", "srtp"),
        (GOOD + "auto_answer_ms = -5\n", "phone.auto_answer_ms", "between 0 and 600000"),
        (GOOD + "tone_hz = -5\n", "phone.tone_hz", "between 0 and 3400"),
        (GOOD + 'domain = "a b"\n', "phone.domain", "pbx.example.com"),
        (GOOD + 'password = "a\\u001bb"\n', "phone.password", "take it out"),
        (GOOD + '[desk]\nperson = "a\\nb"\n', "desk.person", "take it out"),
        (GOOD + '"a\\nb" = 1\n', "phone.a\\nb: unknown", "listen"),
        (GOOD + '[desk]\nperson = " "\n', "desk.person", "name the agent"),
        (GOOD.replace("sip:s@127.0.0.1", "1234"), "phone.supervisors", "phone.domain"),
        (GOOD + "[times]\nwait = -1\n", "times.wait", "between 0.001 and 3600"),
        (GOOD + '[times]\nwait = "long"\n', "times.wait", "float"),
        (GOOD + '[desk]\nrole = "boss"\n', "desk.role", "agent, supervisor"),
        (GOOD + '[desk]\nlanguage = "fr"\n', "desk.language", "en, de"),
        (GOOD + '[[queue]]\npolicy = "no-hang-up"\n', "queue[0]", "name"),
        (GOOD + '[[queue]]\nname = " "\npolicy = "no-hang-up"\n', "queue[0].name", "billing"),
        (GOOD + '[[queue]]\nname = "1"\n', "queue[0]: changes nothing", "a language"),
        (GOOD + '[[queue]]\nname = "1"\npolicy = "gentle"\n', "queue[0].policy", "warm-transfer"),
        (GOOD + '[[queue]]\nname = "1"\nlanguage = "fr"\n', "queue[0].language", "en, de"),
        (GOOD + 2 * '[[queue]]\nname = "1"\nlanguage = "de"\n', "queue[1].name", "keep one"),
        (GOOD + "[floor]\ngroup = 10\n", "floor.group", "between 0 and 9"),
        (GOOD + '[floor]\nserver = "x"\n', "floor.server: unknown", "enrolment"),
        (GOOD.partition("[phone]")[0], "phone", "phone, box, desk, queue, floor, privacy, page, after, times"),
    ],
)
def test_a_mistake_is_one_line_with_file_key_and_mend(tmp_path: Path, text: str, key: str, allowed: str) -> None:
    file = tmp_path / "rung.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{file}: ") and line.isprintable() for line in lines)
    assert key in lines[0] and allowed in lines[0]


def test_all_mistakes_are_told_also_those_of_a_policy(tmp_path: Path) -> None:
    file = tmp_path / "rung.toml"
    file.write_text(GOOD + '[desk]\nname = "a b"\n[floor]\ngroup = 10\n[times]\nwait = -1\n')
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert [line.split(": ")[1] for line in str(caught.value).split("\n")] == ["desk.name", "floor.group", "times.wait"]
    text = (POLICIES / "warm-transfer.toml").read_text().replace("wait = 5 ", "wait = -5 ")
    (tmp_path / "own.toml").write_text(text.replace('title = "Warn the caller"', 'title = ""'))
    file.write_text(GOOD + '[desk]\npolicy = "own.toml"\n')
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    own = f"{file}: desk.policy: {tmp_path / 'own.toml'}"
    lines = str(caught.value).split("\n")
    assert lines[0].startswith(f"{own}: times.wait: ") and lines[1].startswith(f"{own}: rung[0] (warn).title: ")


def test_doctor_tells_every_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rung.toml"
    file.write_text(GOOD + '[desk]\nname = "a [/b]"\n[floor]\ngroup = 10\n')
    assert not examine(file)
    wrong = [line for line in capsys.readouterr().out.splitlines() if line.startswith("wrong")]
    assert [line.split(f"{file}: ")[1].partition(":")[0] for line in wrong] == ["desk.name", "floor.group"]


def test_a_mark_of_its_encoding_at_the_beginning_is_no_part_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rung.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_config(file).phone.supervisors == "sip:s@127.0.0.1"


def test_a_queue_chooses_policy_and_language(tmp_path: Path) -> None:
    file = tmp_path / "rung.toml"
    file.write_text(
        GOOD + '[desk]\nname = "d7"\nlanguage = "de"\nperson = "eve"\nrole = "supervisor"\ntrained = true\n'
        '[[queue]]\nname = "billing"\npolicy = "end-with-care"\n[[queue]]\nname = "1002"\nlanguage = "en"\n'
        "[times]\nwait = 7\nsay_time = 4\nanswer_within = 30\n"
    )
    config = read_config(file)
    book = config.book()
    found = {queue: book.for_call(call_of(queue)) for queue in ("billing", "1002", "else")}
    assert {queue: (policy.name, language) for queue, (policy, language) in found.items()} == {
        "billing": ("end-with-care", "de"),
        "1002": ("warm-transfer", "en"),
        "else": ("warm-transfer", "de"),
    }
    assert {policy.times.wait_ms for policy, _ in found.values()} == {7000}
    assert book.desk == "d7" and config.person() == Person("eve", Role.SUPERVISOR, trained=True)


def call_of(queue: str) -> Call:
    return Call(id="1", state=CallState.UP, direction="in", queue=queue)


def test_relative_paths_count_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.toml").write_text(
        (POLICIES / "warm-transfer.toml").read_text().replace("version = 1", "version = 7")
    )
    (tmp_path / "rung.toml").write_text(GOOD + '[desk]\nstate = "st"\npolicy = "own.toml"\n')
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = read_config(Path("../rung.toml"))
    assert config.journal == tmp_path / "st" / "journal.db"
    assert config.policy().version == 7


def test_a_missing_file_says_where_to_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rung\.example\.toml"):
        read_config(tmp_path / "none.toml")


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    file = tmp_path / "rung.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        read_config(file)
