// Users, roles and permissions with the peer's own client; run by tests/api/test_sdk.py against a server with posts.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import sdk from "@nocobase/sdk";

const { BASE_URL: baseURL, ACCOUNT: account, PASSWORD: password } = process.env;
const status = (expected) => (error) => error.response.status === expected;

async function signedIn(values) {
  const client = new sdk.APIClient({ baseURL });
  await client.auth.signIn(values);
  return client;
}

let root, clerk, clerkId;

before(async () => {
  root = await signedIn({ account, password });
  await root.resource("posts").create({ values: { title: "for clerks", read: 7 } });
});

test("a role is created with permissions of its own", async () => {
  const { data } = await root.resource("roles").create({ values: { name: "sdkClerk", title: "Clerk" } });
  assert.deepEqual(data.data.snippets, ["!pm", "!pm.*", "!ui.*"]);
  await assert.rejects(root.resource("roles").create({ values: { name: "sdkClerk" } }), status(400));
  const resources = root.resource("roles.dataSourceResources", "sdkClerk");
  await resources.create({
    dataSourceKey: "main",
    values: { name: "posts", usingActionsConfig: true, actions: [{ name: "view", fields: ["title"] }] },
  });
  const filter = { dataSourceKey: "main", name: "posts" };
  const found = await resources.get({ filter, appends: ["actions", "actions.scope"] });
  assert.deepEqual(found.data.data.actions[0].fields, ["title"]);
  const collections = await root.resource("roles.dataSourcesCollections", "sdkClerk").list({ dataSourceKey: "main" });
  const posts = collections.data.data.find((each) => each.name === "posts");
  assert.deepEqual([posts.usingConfig, posts.exists], ["resourceAction", true]);
  const actions = await root.resource("availableActions").list();
  assert.ok(actions.data.data.some((each) => each.name === "view"));
});

test("a user gets the role, and no more than it allows", async () => {
  const values = { username: "sdkClerk", password: "clerk pass", roles: ["sdkClerk"] };
  const made = await root.resource("users").create({ values });
  assert.equal("password" in made.data.data, false);
  clerkId = made.data.data.id;
  clerk = await signedIn({ account: "sdkClerk", password: "clerk pass" });
  const check = await clerk.request({ url: "roles:check", method: "get" });
  assert.deepEqual([check.data.data.role, check.data.data.allowAll], ["sdkClerk", false]);
  const { data } = await clerk.resource("posts").list({ filter: { title: "for clerks" } });
  assert.deepEqual(Object.keys(data.data[0]).sort(), ["id", "title"]);
  await assert.rejects(clerk.resource("posts").create({ values: { title: "x" } }), status(403));
  await assert.rejects(clerk.resource("comments").list(), status(403));
  await assert.rejects(clerk.resource("users").update({ filterByTk: 1, values: { password: "mine" } }), status(403));
  await assert.rejects(clerk.resource("users.roles", clerkId).add({ values: ["root"] }), status(403));
});

test("what was changed counts for the next request", async () => {
  const resources = root.resource("roles.resources", "sdkClerk");
  const actions = [{ name: "view", fields: ["title", "read"] }, { name: "create" }];
  await resources.update({ filterByTk: "posts", values: { actions } });
  const made = await clerk.resource("posts").create({ values: { title: "by a clerk" } });
  assert.equal(made.data.data.read, 0);
  await root.resource("dataSources.roles", "main").update({
    filterByTk: "sdkClerk",
    values: { strategy: { actions: ["view"] } },
  });
  assert.equal((await clerk.resource("comments").list()).status, 200);
});

test("roles are given, taken and chosen", async () => {
  const roles = root.resource("users.roles", clerkId);
  await roles.add({ values: ["member"] });
  assert.equal((await roles.list()).data.meta.count, 2);
  await clerk.resource("users").setDefaultRole({ values: { roleName: "member" } });
  const check = await clerk.request({ url: "roles:check", method: "get" });
  assert.equal(check.data.data.role, "member");
  clerk.auth.setRole("sdkClerk");
  assert.equal((await clerk.resource("posts").list()).status, 200);
  await root.resource("roles.users", "sdkClerk").remove({ values: [clerkId] });
  await assert.rejects(clerk.resource("posts").list(), status(401));
  const others = await root.resource("users").listExcludeRole({ roleName: "sdkClerk" });
  assert.ok(others.data.data.some((user) => user.id === clerkId));
});

test("users and roles are deleted", async () => {
  await assert.rejects(root.resource("users").destroy({ filterByTk: 1 }), status(403));
  await assert.rejects(root.resource("roles").destroy({ filterByTk: "member" }), status(403));
  assert.equal((await root.resource("users").destroy({ filterByTk: clerkId })).data.data, 1);
  assert.equal((await root.resource("roles").destroy({ filterByTk: "sdkClerk" })).data.data, 1);
});
