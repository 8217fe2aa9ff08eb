"""What must hold once all is well: I1 to I7 of the design's security notes."""

from typing import TYPE_CHECKING, Any

from federation.origin import host
from tests.server.world import COUNTS
from tests.simulation import readings
from tests.simulation.city import City
from tests.simulation.ledger import Written

if TYPE_CHECKING:
    from tests.simulation.world import World

FAST_S = 5.0
OVERDUE_MS = 60_000
MOST_TASKS = 150
LONGEST_REST_MS = 6 * 3_600_000 + 60_000


class Oracle:
    """Compares what the cities have with what was acknowledged and what went over the wire."""

    def __init__(self, world: "World") -> None:
        """Looks at nothing yet."""
        self._world = world
        self._ledger = world.traffic.ledger
        self._promised: dict[str, dict[str, int]] = {}

    def _fault(self, sentence: str) -> None:
        self._world.fault(sentence)

    # --- a minute after the end of all trouble

    async def recovered(self) -> None:
        """Whatever is due is being done, and nothing rests for longer than it may. I6"""
        orphans = self._orphans()
        await self._world.loop.sleep(1.0)  # who has just claimed something is just beginning it
        for sentence in sorted(orphans & self._orphans()):
            self._fault(sentence)
        for city in self._world.cities.values():
            now_ms = city.now_ms()
            for row in city.disk.read(readings.lanes):
                if row["due_ms"] is None:
                    self._fault(f"{city.name}: {row['what']} waits and is never due")
                elif row["due_ms"] < now_ms - OVERDUE_MS:
                    self._fault(f"{city.name}: {row['what']} is overdue by more than a minute")
                elif row["due_ms"] > now_ms + LONGEST_REST_MS:
                    self._fault(f"{city.name}: {row['what']} rests for more than six hours")

    def _orphans(self) -> set[str]:
        """What is claimed, and nobody is at work on it."""
        return {
            f"{city.name}: {row['what']} is held by nobody who lives"
            for city in self._world.cities.values()
            for row in city.disk.read(readings.lanes)
            if row["claimed_until_ms"] > city.now_ms()
            and not self._world.watch.held(city, row["kind"], row["id"])
        }

    # --- when nothing waits any more

    def agreed(self) -> None:
        """Everything else."""
        for city in self._world.cities.values():
            self._sound(city)
            self._promised[city.name] = readings.numbers(city)
        self._bodies_stay()
        self._order()
        self._follows()
        for post in self._ledger.posts.values():
            self._post(post)
        self._reactions("favourite", self._ledger.likes)
        self._reactions("boost", self._ledger.boosts)
        self._kept_promises()
        self._effects()
        self._swift()

    def _sound(self, city: City) -> None:
        """The database is whole, its counts are true, nothing was told twice. I2, I4, I5"""
        for wrong in city.disk.faults():
            self._fault(f"{city.name}: {wrong}")
        for row in city.disk.read(
            lambda db: db.all(f"SELECT * FROM ({COUNTS}) WHERE counted <> real")
        ):  # noqa: S608
            self._fault(f"{city.name}: miscounted {dict(row)}")
        for row in city.disk.read(readings.told_twice):
            self._fault(f"{city.name}: told twice {dict(row)}")
        for row in city.disk.read(
            lambda db: db.all("SELECT kind, last_error FROM job WHERE state = 'parked'")
        ):
            self._fault(f"{city.name}: parked {row['kind']}: {row['last_error'][-300:]}")
        for process in city.processes:
            if process.most_tasks > MOST_TASKS:
                self._fault(f"{process} had {process.most_tasks} tasks")

    # --- what went over the wire

    def _bodies_stay(self) -> None:
        """Every try has the same id and the same body. I3"""
        seen: dict[tuple[str, str], bytes] = {}
        made: dict[tuple[str, str, str], str] = {}
        for heard in self._world.network.heard:
            id = readings.activity(heard.body)["id"]
            if seen.setdefault((heard.source, id), heard.body) != heard.body:
                self._fault(f"{id} was sent with two bodies")
            if id not in self._promised[heard.source]:
                self._fault(f"{id} was sent and never promised")
            kind, about = readings.about(heard.body)
            if kind in ("Create", "Delete"):
                first = made.setdefault((heard.source, kind, about), id)
                if first != id:
                    self._fault(f"{kind} of {about} has two ids: {first} and {id}")

    def _order(self) -> None:
        """What one actor does with one object arrives in the order in which it was done. I3"""
        refused = {
            (s, t, readings.activity(body)["id"]) for s, t, body in self._world.network.refused
        }
        last: dict[tuple[str, str, str, str], tuple[int, str]] = {}
        seen: set[tuple[str, str]] = set()
        for heard in self._world.network.heard:
            raw = readings.activity(heard.body)
            if heard.status != 202 or (heard.target, raw["id"]) in seen:
                continue
            if (heard.source, heard.target, raw["id"]) in refused:
                continue
            seen.add((heard.target, raw["id"]))
            number = self._promised[heard.source].get(raw["id"], 0)
            key = (heard.source, heard.target, raw["actor"], readings.about(heard.body)[1])
            before = last.get(key, (0, ""))
            if number < before[0]:
                self._fault(f"{heard.target} heard {before[1]} before {raw['id']}")
            last[key] = max(before, (number, raw["id"]))

    def _kept_promises(self) -> None:
        """Whatever was promised to a peer was taken by it. I1"""
        excused = {
            (s, t, readings.activity(body)["id"]) for s, t, body in self._world.network.refused
        }
        taken = {
            (one.source, one.target, readings.activity(one.body)["id"])
            for one in self._world.network.heard
            if one.status == 202
        }
        for city in self._world.cities.values():
            for row in city.disk.read(readings.owed):
                what = (city.name, row["host"], readings.activity(row["body"])["id"])
                if what in taken | excused or what[:2] in self._world.weather.lossy:
                    continue
                self._fault(f"{what[1]} was promised {what[2]} and never took it")

    def _effects(self) -> None:
        """Whatever was taken had its effect once, an actor's one after another. I1, I2, I3"""
        for city in self._world.cities.values():
            arrived = city.disk.read(readings.arrived)
            last: dict[str, int] = {}
            done: set[str] = set()
            for row in city.disk.read(
                lambda db: db.all("SELECT uri, actor FROM temp.applied ORDER BY n")
            ):
                uri, actor = row["uri"], row["actor"]
                if uri in done:
                    self._fault(f"{city.name}: {uri} had its effect twice")
                done.add(uri)
                number = arrived.get(uri, 0)
                late = number < last.get(actor, 0)
                if late and not self._may_wait(city, uri):
                    self._fault(f"{city.name}: {uri} had its effect after later ones of its actor")
                last[actor] = max(number, last.get(actor, 0))
            for uri in sorted(arrived.keys() - done):
                if (city.name, uri) not in self._world.watch.without_effect:
                    self._fault(f"{city.name}: {uri} was taken and had no effect")

    def _may_wait(self, city: City, uri: str) -> bool:
        """Whether later ones of its actor pass by: of a boost of what another server did not give.

        It was set apart in its turn: what its actor did before had its effect before.
        """
        activity = self._world.watch.apart.get((city.name, uri))
        if activity is None or activity.type != "Announce" or activity.object_id is None:
            return False
        return (city.name, host(activity.object_id)) in self._world.network.missed

    def _swift(self) -> None:
        """Where all is well but one slow city, the others hear within seconds. I7"""
        if not self._world.weather.calm:
            return
        slow = self._world.weather.odd
        for city in self._world.cities.values():
            made = city.disk.read(readings.made_at_s)
            for heard in self._world.network.heard:
                if heard.source != city.name or slow in (heard.source, heard.target):
                    continue
                began = made.get(readings.activity(heard.body)["id"])
                if began is not None and heard.at_s - began > FAST_S:
                    took = heard.at_s - began
                    id = readings.activity(heard.body)["id"]
                    self._fault(f"{heard.target} waited {took:.0f} s for {id}: {slow} is slow")

    # --- what the cities have

    def _city_of(self, uri: str) -> City:
        return self._world.cities[uri.split("/")[2]]

    def _between(self, one: str, other: str) -> bool:
        """Whether nothing between two cities was given up, in either direction."""
        lossy = self._world.weather.lossy
        return (one, other) not in lossy and (other, one) not in lossy

    def _excused(self) -> set[tuple[str, str, str]]:
        """(source, target, object) about which something was refused on the way."""
        return {
            (source, target, readings.about(body)[1])
            for source, target, body in self._world.network.refused
        }

    def _follows(self) -> None:
        """Both sides agree on who follows whom, and it is what the follower wanted. I1"""
        excused = self._excused()
        for (follower, target), wanted in self._ledger.follows.items():
            here, there = self._city_of(follower), self._city_of(target)
            pair = follower + " " + target
            if not self._between(here.name, there.name):
                continue
            if {(here.name, there.name, pair), (there.name, here.name, pair)} & excused:
                continue
            for city in (here, there):
                state = city.disk.read(lambda db: readings.follow(db, follower, target))  # noqa: B023
                if state != ("accepted" if wanted else ""):
                    self._fault(
                        f"{city.name}: {follower} follows {target}: {state or 'no'}, not {wanted}"
                    )

    def _post(self, post: Written) -> None:
        """As its author was told, at home and wherever it was to go. I1, I2"""
        home = self._world.cities[post.city].disk.read(lambda db: readings.post(db, post.uri))
        if home is None:
            self._fault(f"{post.uri} was acknowledged and is not there")
            return
        if bool(home["deleted_ms"]) != post.deleted:
            self._fault(f"{post.uri} at home: deleted is {home['deleted_ms']}, not {post.deleted}")
        if not post.deleted and f"v{post.version}" not in home["content"]:
            self._fault(f"{post.uri} at home is not version {post.version}: {home['content']}")
        for city in self._world.cities.values():
            if city.name != post.city and self._between(post.city, city.name):
                self._copy(post, home, city)

    def _copy(self, post: Written, home: Any, city: City) -> None:
        copy = city.disk.read(lambda db: readings.post(db, post.uri))
        if post.deleted:
            if copy is not None and copy["deleted_ms"] is None and self._expected(post, city):
                self._fault(f"{city.name} still has {post.uri}")
            return
        if (post.city, city.name, post.uri) in self._excused():
            return
        if copy is None or copy["deleted_ms"] is not None:
            if self._expected(post, city):
                self._fault(f"{city.name} lacks {post.visibility} {post.uri}")
            return
        if post.visibility == "direct" and city.name != post.told:
            self._fault(f"{city.name} has {post.uri}, which is not for it")
        if self._expected(post, city) and copy["content"] != home["content"]:
            self._fault(f"{city.name} has {copy['content']} for {home['content']} at {post.uri}")

    def _expected(self, post: Written, city: City) -> bool:
        """Whether somebody there followed its author, and did so to the end; or it names them."""
        if post.visibility == "direct":
            return post.told == city.name
        if post.told == city.name and post.answers:
            answered = self._ledger.posts[post.answers]
            return not answered.deleted
        excused = self._excused()
        return any(
            uri.split("/")[2] == city.name
            and self._ledger.follows.get((uri, post.author))
            and (uri, post.author) not in self._ledger.ended
            and (post.city, city.name, f"{uri} {post.author}") not in excused
            for uri in post.audience
        )

    def _reactions(self, table: str, known: dict[tuple[str, str], bool]) -> None:
        """Both sides know the same likes and boosts, and those that people wanted. I1, I2"""
        excused = self._excused()
        for (who, uri), wanted in known.items():
            post = self._ledger.posts.get(uri)
            if post is None or post.deleted:
                continue
            here, there = self._city_of(who), self._world.cities[post.city]
            if (here.name, there.name, uri) in excused or not self._between(here.name, there.name):
                continue
            for city in (here, there):
                has = city.disk.read(lambda db: readings.reacted(db, table, who, uri))  # noqa: B023
                if has != wanted:
                    self._fault(f"{city.name}: {table} of {uri} by {who}: {has}, not {wanted}")
