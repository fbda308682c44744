import pytest

from studio.database import Database
from studio.server.accounts import SESSION_SECONDS, Accounts
from studio.server.errors import ConflictError, LoginError, NotFoundError, ServerError, TooManyError
from studio.server.throttle import Throttle

PASSWORD = "correct horse"


class Clock:
    """Stands still."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "studio.db")
    yield opened
    opened.close()


@pytest.fixture
def people(database, clock):
    return Accounts(database, clock)


def test_a_user_logs_in(people):
    assert not people.has_users()
    people.add_user(" Ann ", PASSWORD, is_admin=True)
    assert people.has_users()
    user = people.check_login("ANN", PASSWORD)
    assert (user.name, user.is_admin) == ("ann", True)
    for name, password in (("ann", "wrong password"), ("bob", PASSWORD), ("", ""), ("a" * 900, "")):
        with pytest.raises(LoginError):
            people.check_login(name, password)
    with pytest.raises(ConflictError):
        people.add_user("ann", PASSWORD)


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "../x", "a" * 33, "é", "<b>", "-x", "a\0"])
def test_names_are_plain(people, name):
    with pytest.raises(ServerError, match="a name has"):
        people.add_user(name, PASSWORD)


def test_passwords_have_a_length(people):
    for password in ("short", "x" * 1025):
        with pytest.raises(ServerError, match="a password has"):
            people.add_user("ann", password)
    assert not people.has_users()


def test_no_secret_is_in_the_file(people, database, tmp_path):
    people.add_user("ann", PASSWORD)
    session = people.open_session("ann")
    _, token = people.add_token("ann", "laptop")
    database.close()
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        for secret in (PASSWORD, session, token):
            assert secret.encode() not in data, path


def test_sessions_end(people, clock):
    people.add_user("ann", PASSWORD)
    first, second = people.open_session("ann"), people.open_session("ann")
    assert people.find_session(first).name == "ann"
    people.close_session(first)
    assert people.find_session(first) is None
    clock.now += SESSION_SECONDS - 1
    assert people.find_session(second).name == "ann"
    clock.now += 2
    assert people.find_session(second) is None
    assert people.find_session("") is None


def test_another_password_logs_out(people):
    people.add_user("ann", PASSWORD)
    session = people.open_session("ann")
    people.set_password("ann", "battery staple")
    assert people.find_session(session) is None
    with pytest.raises(LoginError):
        people.check_login("ann", PASSWORD)
    assert people.check_login("ann", "battery staple").name == "ann"
    with pytest.raises(NotFoundError):
        people.set_password("bob", PASSWORD)


def test_tokens(people):
    people.add_user("ann", PASSWORD)
    token, secret = people.add_token("ann", "laptop")
    assert people.find_token(secret).name == "ann"
    assert people.find_token(secret + "x") is None
    assert [(t.id, t.user, t.label) for t in people.list_tokens()] == [(token.id, "ann", "laptop")]
    people.remove_token(token.id)
    assert people.find_token(secret) is None
    with pytest.raises(NotFoundError):
        people.remove_token(token.id)
    with pytest.raises(NotFoundError):
        people.add_token("bob")


def test_who_is_removed_is_out(people):
    people.add_user("ann", PASSWORD)
    session, (_, secret) = people.open_session("ann"), people.add_token("ann")
    people.remove_user("ann")
    assert people.find_session(session) is people.find_token(secret) is None
    with pytest.raises(NotFoundError):
        people.remove_user("ann")


def test_guessing_gets_slower(clock):
    throttle = Throttle(clock)
    waits = []
    for _ in range(12):
        try:
            throttle.check("1.2.3.4", "ann")
        except TooManyError as error:
            waits.append(float(error.values["seconds"]))
            clock.now += waits[-1]
        throttle.note_failure("1.2.3.4", "ann")
    assert waits == sorted(waits)
    assert len(waits) == 7
    assert waits[-1] > 30
    throttle.check("4.3.2.1", "bob")  # others are not kept out
    throttle.forgive("1.2.3.4", "ann")
    throttle.check("1.2.3.4", "ann")


def test_nobody_can_lock_a_user_out_for_long(clock):
    throttle = Throttle(clock)
    for number in range(200):
        throttle.note_failure(f"10.0.0.{number}", "ann")
    clock.now += 31
    throttle.check("192.168.0.1", "ann")
