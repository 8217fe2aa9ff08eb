"""What everybody may see about the servers that we speak with, and those that we do not."""

from server.services import servers
from server.services.servers import Rule
from server.store import hosts

NOW_MS = 1_795_446_000_000


def test_whom_we_do_not_speak_with_is_named_with_the_reason_and_not_among_the_known(tx):
    for name in ("far.example", "bad.example", "deep.bad.example"):
        hosts.see(tx, name, NOW_MS)
    hosts.set_rule(tx, "bad.example", "block", "spam", NOW_MS)
    hosts.set_rule(tx, "good.example", "allow", "", NOW_MS)
    found = servers.all(tx)
    assert [server.name for server in found.known] == ["far.example"]
    assert found.blocked == [Rule("bad.example", "block", "spam")]
    assert found.count == 3


def test_a_veiled_name_keeps_its_dots_and_its_ends():
    assert Rule("dreadful.example", "block", "", obfuscate=True).shown == "drea****.***mple"
    assert Rule("dreadful.example", "block", "").shown == "dreadful.example"
