// The peer's own client, unchanged, against a server of ours. Run by tests/api/test_sdk.py:
// BASE_URL, ACCOUNT and PASSWORD name the server and its root; the tables are those of tests/api/conftest.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import sdk from "@nocobase/sdk";

const { BASE_URL: baseURL, ACCOUNT: account, PASSWORD: password } = process.env;

async function signedIn() {
  const client = new sdk.APIClient({ baseURL });
  await client.auth.signIn({ account, password });
  return client;
}

async function refusal(request) {
  const error = await request.then(
    (response) => assert.fail(`answered ${response.status}`),
    (error) => error,
  );
  return { status: error.response?.status, body: error.response?.data, headers: error.response?.headers };
}

test("signing in stores the token", async () => {
  const client = new sdk.APIClient({ baseURL });
  assert.ok(!client.auth.token);
  const { data } = await client.auth.signIn({ account, password });
  assert.equal(client.auth.token, data.data.token);
  assert.equal(data.data.user.username, account);
  const check = await client.resource("auth").check();
  assert.equal(check.data.data.username, account);
  assert.ok(check.data.data.roles.some((role) => role.name === "root"));
});

test("a wrong password signs nobody in", async () => {
  const client = new sdk.APIClient({ baseURL });
  const { status, body } = await refusal(client.auth.signIn({ account, password: "wrong" }));
  assert.equal(status, 401);
  assert.deepEqual(body.errors, [{ message: "The username/email or password is incorrect, please re-enter" }]);
  assert.ok(!client.auth.token);
});

test("without a token the code says so", async () => {
  const { status, body } = await refusal(new sdk.APIClient({ baseURL }).resource("posts").list());
  assert.equal(status, 401);
  assert.equal(body.errors[0].code, "EMPTY_TOKEN");
});

test("a record is created, listed, read, changed and deleted", async () => {
  const client = await signedIn();
  const posts = client.resource("posts");
  const created = await posts.create({ values: { title: "sdk a", category: { name: "sdk news" } } });
  assert.equal(created.status, 200);
  const { id } = created.data.data;
  assert.equal(created.data.data.category.name, "sdk news");

  const listed = await posts.list({
    filter: { title: { $includes: "sdk a" } },
    sort: ["-id"],
    fields: ["id", "title"],
    appends: ["category"],
    page: 1,
    pageSize: 5,
  });
  assert.deepEqual(listed.data.meta, { count: 1, page: 1, pageSize: 5, totalPage: 1 });
  assert.equal(listed.data.data[0].title, "sdk a");
  assert.equal(listed.data.data[0].category.name, "sdk news");
  assert.deepEqual(Object.keys(listed.data.data[0]).sort(), ["category", "id", "title"]);

  const got = await posts.get({ filterByTk: id, appends: ["category"] });
  assert.equal(got.data.data.title, "sdk a");
  const updated = await posts.update({ filterByTk: id, values: { title: "sdk b" } });
  assert.equal(updated.data.data[0].title, "sdk b");
  assert.equal((await posts.destroy({ filterByTk: id })).data.data, 1);
  assert.equal((await posts.get({ filterByTk: id })).data.data, null);
});

test("several records at a time", async () => {
  const client = await signedIn();
  const categories = client.resource("categories");
  const { data } = await categories.create({ values: [{ name: "sdk 1" }, { name: "sdk 2" }, { name: "sdk 3" }] });
  const ids = data.data.map((category) => category.id);
  assert.equal(ids.length, 3);
  const two = await categories.list({ filter: { "id.$in": ids.slice(0, 2) }, paginate: false, sort: ["name"] });
  assert.deepEqual(two.data.data.map((category) => category.name), ["sdk 1", "sdk 2"]);
  assert.equal(two.data.meta, undefined);
  const changed = await categories.update({ filterByTk: ids, values: { level: 7 } });
  assert.deepEqual(changed.data.data.map((category) => category.level), [7, 7, 7]);
  assert.equal((await categories.destroy({ filter: { id: { $in: ids } } })).data.data, 3);
});

test("records of a record", async () => {
  const client = await signedIn();
  const { data } = await client.resource("posts").create({ values: { title: "sdk parent" } });
  const comments = client.resource("posts.comments", data.data.id);
  const { data: comment } = await comments.create({ values: { content: "sdk child" } });
  assert.equal(comment.data.postId, data.data.id);
  assert.deepEqual((await comments.list()).data.data.map((item) => item.content), ["sdk child"]);
  assert.equal((await comments.list()).data.meta.count, 1);
});

test("records are linked and unlinked", async () => {
  const client = await signedIn();
  const { data } = await client.resource("posts").create({ values: { title: "sdk linked" } });
  const { data: comment } = await client.resource("comments").create({ values: { content: "sdk loose" } });
  const comments = client.resource("posts.comments", data.data.id);
  const listed = async () => (await comments.list()).data.data.map((item) => item.id);
  await comments.add({ values: [comment.data.id] });
  assert.deepEqual(await listed(), [comment.data.id]);
  await comments.remove({ values: [comment.data.id] });
  assert.deepEqual(await listed(), []);
});

test("signing out ends the session", async () => {
  const client = await signedIn();
  const { token } = client.auth;
  await client.auth.signOut();
  assert.ok(!client.auth.token);
  const forgotten = await refusal(client.resource("posts").list());
  assert.deepEqual([forgotten.status, forgotten.body.errors[0].code], [401, "EMPTY_TOKEN"]);
  client.auth.token = token;
  const ended = await refusal(client.resource("posts").list());
  assert.deepEqual([ended.status, ended.body.errors[0].code], [401, "BLOCKED_TOKEN"]);
});

test("workflows are listed", async () => {
  const client = await signedIn();
  const { data } = await client.resource("workflows").list({ appends: ["nodes"], pageSize: 5 });
  assert.equal(data.meta.pageSize, 5);
});

test("the role and the language are sent", async () => {
  const client = await signedIn();
  client.auth.role = "root";
  client.auth.locale = "en-US";
  assert.equal((await client.resource("posts").list()).status, 200);
  client.auth.role = "member";
  assert.equal((await refusal(client.resource("posts").list())).status, 403);
  client.auth.role = "nope";
  const { status, body } = await refusal(client.resource("posts").list());
  assert.equal(status, 401);
  assert.equal(body.errors[0].code, "ROLE_NOT_FOUND_FOR_USER");
});

test("plain requests", async () => {
  const client = await signedIn();
  const nested = await client.request({ url: "posts:list", params: { filter: { title: "nobody" }, sort: ["id"] } });
  assert.deepEqual(nested.data.data, []);
  const made = await client.request({ url: "posts:create", method: "post", data: { title: "sdk plain" } });
  const gone = await client.request({ url: `posts/${made.data.data.id}`, method: "delete" });
  assert.equal(gone.data.data, 1);
  const roles = await client.request({ resource: "roles", action: "list", params: { pageSize: 1 } });
  assert.equal(roles.data.data.length, 1);
});

test("errors have a message, a status and a request id", async () => {
  const client = await signedIn();
  const missing = await refusal(client.resource("nowhere").list());
  assert.deepEqual(missing.body, { errors: [{ message: "Not Found" }] });
  assert.equal(missing.status, 404);
  assert.ok(missing.headers["x-request-id"]);

  await client.resource("categories").create({ values: { name: "sdk unique" } });
  const twice = await refusal(client.resource("categories").create({ values: { name: "sdk unique" } }));
  assert.equal(twice.status, 400);
  assert.match(twice.body.errors[0].message, /already exists$/);

  const unguarded = await refusal(client.resource("posts").destroy());
  assert.equal(unguarded.body.errors[0].message, "to do destroy action, filter or filterByTk is required");
});

test("from an empty database to a signed out client", async () => {
  const client = await signedIn();
  const collections = client.resource("collections");
  await collections.create({ values: { name: "sdkTags", fields: [{ name: "name", type: "string" }] } });
  await collections.create({
    values: {
      name: "sdkPosts",
      fields: [
        { name: "title", type: "string" },
        { name: "tags", type: "belongsToMany", target: "sdkTags" },
      ],
    },
  });
  const posts = client.resource("sdkPosts");
  const created = await posts.create({ values: { title: "a post", tags: [{ name: "one" }] } });
  const { id } = created.data.data;
  const listed = await posts.list({
    filter: { title: { $includes: "a" } },
    sort: ["-id"],
    fields: ["id", "title"],
    appends: ["tags"],
    page: 1,
    pageSize: 5,
  });
  assert.equal(listed.data.meta.count, 1);
  assert.equal(listed.data.data[0].tags[0].name, "one");
  assert.equal((await posts.get({ filterByTk: id })).data.data.title, "a post");
  const updated = await posts.update({ filterByTk: id, values: { title: "the post" } });
  assert.equal(updated.data.data[0].title, "the post");

  const tags = client.resource("sdkPosts.tags", id);
  const names = async () => (await tags.list({ sort: ["id"] })).data.data.map((tag) => tag.name);
  assert.deepEqual(await names(), ["one"]);
  const two = await client.resource("sdkTags").create({ values: { name: "two" } });
  await tags.add({ values: [two.data.data.id] });
  assert.deepEqual(await names(), ["one", "two"]);
  await tags.remove({ values: [two.data.data.id] });
  assert.deepEqual(await names(), ["one"]);

  assert.equal((await posts.destroy({ filterByTk: id })).data.data, 1);
  await collections.destroy({ filterByTk: ["sdkPosts", "sdkTags"] });
  await client.auth.signOut();
  assert.equal((await refusal(client.resource("posts").list())).body.errors[0].code, "EMPTY_TOKEN");
});

test("a workflow is made, changed and deleted", async () => {
  const client = await signedIn();
  const workflows = client.resource("workflows");
  const values = { title: "sdk flow", type: "collection", sync: false, config: { collection: "posts", mode: 1 } };
  const { data } = await workflows.create({ values });
  const { id } = data.data;
  const node = await client.resource("workflows.nodes", id).create({ values: { type: "end", title: "stop", config: {} } });
  assert.equal(node.data.data.workflowId, id);
  const got = await workflows.get({ filterByTk: id, appends: ["nodes"] });
  assert.deepEqual(got.data.data.nodes.map((each) => each.title), ["stop"]);
  await workflows.update({ filterByTk: id, values: { title: "sdk flow 2" } });
  assert.equal((await workflows.get({ filterByTk: id })).data.data.title, "sdk flow 2");
  await workflows.destroy({ filterByTk: id });
  assert.equal((await workflows.get({ filterByTk: id })).data.data, null);
});
