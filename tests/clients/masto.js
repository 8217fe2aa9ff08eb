// `node masto.js < wish.json`: masto.js as somebody's app; prints what it saw as one line of JSON.
//
// The wish: url, app (clientId, clientSecret, redirectUri), code (from the consent page), scope, other (a token
// of somebody else), handle (of that person), push (where pushes go), picture (base64 of a PNG), word, keys (of the pushes).

import { Blob } from "node:buffer";
import { text } from "node:stream/consumers";
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from "masto";

const wish = JSON.parse(await text(process.stdin));
const { url } = wish;
const word = wish.word; // in no other test's posts
const seen = {};

const oauth = createOAuthAPIClient({ url });
const token = await oauth.token.create({
  grantType: "authorization_code",
  scope: wish.scope,
  code: wish.code,
  ...wish.app,
});
const { accessToken } = token;
seen.token = { type: token.tokenType, scope: token.scope };
const ann = createRestAPIClient({ url, accessToken });
const bob = createRestAPIClient({ url, accessToken: wish.other });
const ids = (found) => found.map((one) => one.id);
const failure = async (promise) => {
  try {
    await promise;
    return "";
  } catch (error) {
    return `${error.name} ${error.statusCode ?? ""} ${error.message}`;
  }
};

async function place() {
  const v2 = await ann.v2.instance.fetch();
  const v1 = await ann.v1.instance.fetch();
  const me = await ann.v1.accounts.verifyCredentials();
  const app = await ann.v1.apps.verifyCredentials();
  return {
    title: v2.title,
    version: v2.version,
    streaming: v2.configuration.urls.streaming,
    same: v1.title === v2.title,
    me: me.acct,
    app: app.name,
    preferences: Object.keys(await ann.v1.preferences.fetch()),
  };
}

async function people() {
  const me = await ann.v1.accounts.verifyCredentials();
  const changed = await ann.v1.accounts.updateCredentials({
    displayName: "Ann of masto",
    note: "From a script",
    avatar: new Blob([Buffer.from(wish.picture, "base64")], { type: "image/png" }),
    fieldsAttributes: [{ name: "Ladder", value: "yes" }],
  });
  const other = await ann.v1.accounts.lookup({ acct: wish.handle });
  const followed = await ann.v1.accounts.$select(other.id).follow({ notify: true });
  await bob.v1.accounts.$select(me.id).follow();
  const relations = await ann.v1.accounts.relationships.fetch({ id: [other.id] });
  const noted = await ann.v1.accounts.$select(other.id).note.create({ comment: "a neighbour" });
  const muted = await ann.v1.accounts.$select(other.id).mute({ notifications: false });
  await ann.v1.accounts.$select(other.id).unmute();
  const familiar = await ann.v1.accounts.familiarFollowers.fetch({ id: [other.id] });
  return {
    name: changed.displayName,
    field: changed.fields[0].value,
    following: followed.following && relations[0].following && relations[0].followedBy,
    note: noted.note,
    muting: muted.muting,
    familiar: familiar.length,
    followers: ids(await ann.v1.accounts.$select(other.id).followers.list()).includes(me.id),
    found: ids(await ann.v1.accounts.search.list({ q: "Ann of ma" })).includes(me.id),
  };
}

async function statuses() {
  const media = await ann.v2.media.create({
    file: new Blob([Buffer.from(wish.picture, "base64")], { type: "image/png" }),
    description: "A roof",
  });
  const post = await ann.v1.statuses.create(
    { status: `A roof #${word}`, mediaIds: [media.id], visibility: "public", language: "en" },
    { requestInit: { headers: { "Idempotency-Key": word } } },
  );
  const poll = await ann.v1.statuses.create({
    status: "Where?",
    poll: { options: ["Here", "There"], expiresIn: 600, multiple: false },
  });
  const voted = await bob.v1.polls.$select(poll.poll.id).votes.create({ choices: [1] });
  const one = bob.v1.statuses.$select(post.id);
  const favourite = await one.favourite();
  const boost = await one.reblog();
  const kept = await one.bookmark();
  const reply = await bob.v1.statuses.create({ status: "I see it", inReplyToId: post.id });
  const context = await ann.v1.statuses.$select(post.id).context.fetch();
  const by = await ann.v1.statuses.$select(post.id).favouritedBy.list();
  const edited = await ann.v1.statuses.$select(post.id).update({
    status: `A new roof #${word}`,
    mediaIds: [media.id],
    mediaAttributes: [{ id: media.id, description: "A blue roof" }],
  });
  const quote = await bob.v1.statuses.create({ status: "Look", quotedStatusId: post.id });
  const gone = await ann.v1.statuses.$select(poll.id).remove();
  return {
    description: edited.mediaAttachments[0].description,
    voted: voted.ownVotes,
    did: favourite.favourited && boost.reblog.reblogged && kept.bookmarked,
    answered: ids(context.descendants).includes(reply.id),
    by: by.length,
    history: (await ann.v1.statuses.$select(post.id).history.list()).length,
    source: (await ann.v1.statuses.$select(post.id).source.fetch()).text,
    quote: quote.quote.state,
    text: gone.text,
    missing: await failure(ann.v1.statuses.$select(poll.id).fetch()),
    empty: await failure(ann.v1.statuses.create({ status: "" })),
    many: (await ann.v1.statuses.list({ id: [post.id, reply.id] })).length,
  };
}

async function scheduled() {
  const at = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();
  const made = await ann.v1.statuses.create({ status: "Later", scheduledAt: at(2) });
  const moved = await ann.v1.scheduledStatuses.$select(made.id).update({ scheduledAt: at(30) });
  const listed = await ann.v1.scheduledStatuses.list();
  await ann.v1.scheduledStatuses.$select(made.id).remove();
  return {
    text: made.params.text,
    moved: moved.scheduledAt > made.scheduledAt,
    listed: ids(listed).includes(made.id),
    left: (await ann.v1.scheduledStatuses.list()).length,
  };
}

async function reading() {
  for (let number = 0; number < 5; number += 1) {
    await bob.v1.statuses.create({ status: `Page ${number} #${word}pages` });
  }
  const pages = [];
  const tag = ann.v1.timelines.tag.$select(`${word}pages`);
  for await (const page of tag.list({ limit: 2 })) pages.push(page.length);
  const back = [];
  const oldest = (await tag.list({ limit: 40 })).at(-1).id;
  for await (const page of tag.list({ minId: oldest, limit: 2 }).setDirection("prev")) {
    back.push(page.length);
    if (back.length > 5) break;
  }
  const other = await ann.v1.accounts.lookup({ acct: wish.handle });
  const list = await ann.v1.lists.create({ title: "Roofers", repliesPolicy: "list" });
  await ann.v1.lists.$select(list.id).accounts.create({ accountIds: [other.id] });
  const listed = await ann.v1.timelines.list.$select(list.id).list({ limit: 5 });
  await ann.v1.lists.$select(list.id).accounts.remove({ accountIds: [other.id] });
  const empty = await ann.v1.lists.$select(list.id).accounts.list();
  const renamed = await ann.v1.lists.$select(list.id).update({ title: "Menders" });
  await ann.v1.lists.$select(list.id).remove();
  const filter = await ann.v2.filters.create({
    title: "Pages",
    context: ["home", "public"],
    filterAction: "warn",
    keywordsAttributes: [{ keyword: "Page 3", wholeWord: true }],
  });
  const marked = (await ann.v1.timelines.home.list()).filter((one) => one.filtered?.length > 0);
  const changed = await ann.v2.filters.$select(filter.id).update({
    title: "None",
    keywordsAttributes: [{ id: filter.keywords[0].id, _destroy: true }],
  });
  await ann.v2.filters.$select(filter.id).remove();
  const search = await ann.v2.search.list({ q: `#${word}pages`, type: "hashtags" });
  const followed = await ann.v1.tags.$select(`${word}pages`).follow();
  return {
    pages,
    back,
    listed: listed.length,
    empty: empty.length,
    renamed: renamed.title,
    marked: marked.length,
    matches: marked[0].filtered[0].keywordMatches,
    keywords: changed.keywords.length,
    tags: search.hashtags.map((one) => one.name),
    following: followed.following,
    local: (await ann.v1.timelines.public.list({ local: true })).length > 0,
    links: (await ann.v1.trends.links.list()).length,
    bookmarks: (await bob.v1.bookmarks.list()).length,
  };
}

async function notices() {
  const groups = await ann.v2.notifications.list({ groupedTypes: ["favourite", "follow", "reblog"] });
  const kinds = groups.notificationGroups.map((one) => one.type);
  const favourite = groups.notificationGroups.find((one) => one.type === "favourite");
  const policy = await ann.v2.notifications.policy.update({ forNotFollowing: "accept" });
  const plain = await ann.v1.notifications.list({ limit: 2 });
  const marked = await ann.v1.markers.create({ notifications: { lastReadId: plain[0].id } });
  return {
    kinds: [...new Set(kinds)].sort(),
    account: groups.accounts.length > 0,
    key: favourite.groupKey,
    people: (await ann.v2.notifications.$select(favourite.groupKey).accounts.fetch()).length,
    policy: policy.forNotFollowing,
    unread: (await ann.v2.notifications.unreadCount.fetch()).count,
    marked: marked.notifications.lastReadId === plain[0].id,
  };
}

async function push() {
  const made = await ann.v1.push.subscription.create({
    subscription: { endpoint: wish.push, keys: wish.keys },
    data: { alerts: { mention: true }, policy: "all" },
  });
  const changed = await ann.v1.push.subscription.update({ data: { alerts: { follow: true } } });
  const read = await ann.v1.push.subscription.fetch();
  await ann.v1.push.subscription.remove();
  return {
    endpoint: made.endpoint === wish.push && read.endpoint === wish.push,
    alerts: [made.alerts.mention, changed.alerts.follow],
    gone: await failure(ann.v1.push.subscription.fetch()),
  };
}

/** Of each subscription the first event that fits, while somebody writes. */
async function live(streaming) {
  const other = await ann.v1.accounts.lookup({ acct: wish.handle });
  const list = await ann.v1.lists.create({ title: "Live" });
  await ann.v1.lists.$select(list.id).accounts.create({ accountIds: [other.id] });
  const client = createStreamingAPIClient({ streamingApiUrl: streaming, accessToken, retry: false });
  await client.prepare();
  const first = async (subscription, fits) => {
    for await (const event of subscription) if (fits(event)) return event;
  };
  const is = (name, has = "") => (event) =>
    event.event === name && JSON.stringify(event.payload).includes(has);
  const me = await ann.v1.accounts.verifyCredentials();
  const streams = {
    user: [client.user.subscribe(), is("update", `${word}live`)],
    notification: [client.user.notification.subscribe(), is("notification", `${word}live`)],
    public: [client.public.subscribe(), is("update", `${word}live`)],
    local: [client.public.local.subscribe(), is("update", `${word}live`)],
    hashtag: [client.hashtag.subscribe({ tag: `${word}live` }), is("update")],
    list: [client.list.subscribe({ list: list.id }), is("status.update", `${word}live`)],
    direct: [client.direct.subscribe(), is("conversation")],
  };
  const waiting = Object.entries(streams).map(async ([name, [stream, fits]]) => {
    const { event, stream: from, payload } = await first(stream, fits);
    return [name, { event, from, id: payload.id }];
  });
  // the server says nothing when it has taken a subscription, so write until each has heard something
  let over = false;
  const heard = Promise.all(waiting).finally(() => (over = true));
  while (!over) {
    const post = await bob.v1.statuses.create({ status: `@${me.acct} now #${word}live` });
    await bob.v1.statuses.$select(post.id).update({ status: `@${me.acct} then #${word}live` });
    await bob.v1.statuses.create({ status: `@${me.acct} between us`, visibility: "direct" });
    await Promise.race([heard, new Promise((done) => setTimeout(done, 400))]);
  }
  const found = Object.fromEntries(await heard);
  client.close();
  return found;
}

seen.place = await place();
seen.people = await people();
seen.statuses = await statuses();
seen.scheduled = await scheduled();
seen.reading = await reading();
seen.notices = await notices();
seen.push = await push();
seen.live = await live(seen.place.streaming);
await oauth.revoke({ ...wish.app, token: accessToken });
seen.revoked = await failure(ann.v1.accounts.verifyCredentials());
process.stdout.write(`${JSON.stringify(seen)}\n`);
process.exit(0); // a socket that is being closed would keep it
