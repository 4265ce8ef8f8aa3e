// Records that are there or are not, in an order, as sheets: with the peer's own client; run by tests/api/test_sdk.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import sdk from "@nocobase/sdk";

const { BASE_URL: baseURL, ACCOUNT: account, PASSWORD: password } = process.env;

async function signedIn() {
  const client = new sdk.APIClient({ baseURL });
  await client.auth.signIn({ account, password });
  return client;
}

test("a record is made once, then updated", async () => {
  const posts = (await signedIn()).resource("posts");
  const values = { title: "sdk upsert", read: 1 };
  const made = await posts.firstOrCreate({ filterKeys: ["title"], values });
  assert.equal(made.data.data.read, 1);
  const again = await posts.firstOrCreate({ filterKeys: ["title"], values: { ...values, read: 2 } });
  assert.deepEqual(again.data.data, made.data.data);
  const updated = await posts.updateOrCreate({ filterKeys: ["title"], values: { ...values, read: 3 } });
  assert.deepEqual(updated.data.data, [{ ...made.data.data, read: 3 }]);
  const other = await posts.updateOrCreate({ filterKeys: ["title"], values: { title: "sdk upsert 2" } });
  assert.equal(other.data.data.title, "sdk upsert 2");
  await assert.rejects(posts.updateOrCreate({ values }), (error) => error.response.status === 400);
});

test("a record is made once below another", async () => {
  const client = await signedIn();
  const { data } = await client.resource("posts").create({ values: { title: "sdk parent 2" } });
  const comments = client.resource("posts.comments", data.data.id);
  const made = await comments.firstOrCreate({ filterKeys: ["content"], values: { content: "sdk below" } });
  assert.equal(made.data.data.postId, data.data.id);
  await comments.firstOrCreate({ filterKeys: ["content"], values: { content: "sdk below" } });
  assert.equal((await comments.list()).data.meta.count, 1);
});

test("records are moved", async () => {
  const client = await signedIn();
  const fields = [
    { name: "title", type: "string" },
    { name: "state", type: "string" },
    { name: "sort", type: "sort", scopeKey: "state" },
  ];
  await client.resource("collections").create({ values: { name: "sdkCards", fields } });
  const cards = client.resource("sdkCards");
  const { data } = await cards.create({ values: ["a", "b", "c"].map((title) => ({ title, state: "open" })) });
  const [a, b, c] = data.data.map((card) => card.id);
  const order = async (state) => {
    const { data } = await cards.list({ filter: { state }, sort: ["sort"] });
    return data.data.map((card) => card.title).join("");
  };
  assert.equal((await cards.move({ sourceId: a, targetId: c })).data.data, "ok");
  assert.equal(await order("open"), "bca");
  await cards.move({ sourceId: a, targetId: b, method: "insertAfter" });
  assert.equal(await order("open"), "bac");
  await cards.move({ sourceId: c, sticky: true });
  assert.equal(await order("open"), "cba");
  await cards.move({ sourceId: b, targetScope: { state: "done" } });
  assert.deepEqual([await order("open"), await order("done")], ["ca", "b"]);
  await client.resource("collections").destroy({ filterByTk: "sdkCards" });
});

test("records leave as a sheet and come back", async () => {
  const client = await signedIn();
  const posts = client.resource("posts");
  await posts.create({ values: [{ title: "sdk sheet 1" }, { title: "=sdk sheet 2" }] });
  const columns = [{ dataIndex: ["title"], defaultTitle: "Title" }];
  const filter = { title: { $includes: "sdk sheet" } };
  const exported = await posts.export(
    { filter, title: "Posts", values: { columns } },
    { method: "post", responseType: "arraybuffer" },
  );
  assert.match(exported.headers["content-disposition"], /filename="Posts\.xlsx"/);
  const form = new FormData();
  form.append("file", new Blob([exported.data]), "posts.xlsx");
  form.append("columns", JSON.stringify(columns));
  const imported = await posts.importXlsx({ values: form });
  assert.deepEqual(imported.data, { data: { successCount: 2 }, meta: { successCount: 2 } });
  assert.equal((await posts.list({ filter })).data.meta.count, 4);
  const template = await posts.downloadXlsxTemplate({ values: { columns } }, { responseType: "arraybuffer" });
  assert.equal(Buffer.from(template.data).subarray(0, 2).toString(), "PK");
});
