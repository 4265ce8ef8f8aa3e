// From a collection that is made to one that is dropped, with the peer's own client; run by tests/api/test_sdk.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import sdk from "@nocobase/sdk";

const { BASE_URL: baseURL, ACCOUNT: account, PASSWORD: password } = process.env;

const id = { name: "id", type: "bigInt", autoIncrement: true, primaryKey: true, allowNull: false, interface: "integer" };
const title = (name) => ({ name, type: "string", interface: "input" });
const marks = {
  name: "marks",
  type: "belongsToMany",
  interface: "m2m",
  target: "marks",
  through: "essaysMarks",
  foreignKey: "essayId",
  otherKey: "markId",
  sourceKey: "id",
  targetKey: "id",
};

test("collections are made, used and dropped", async () => {
  const client = new sdk.APIClient({ baseURL });
  await client.auth.signIn({ account, password });
  const collections = client.resource("collections");
  await collections.create({ values: { name: "marks", autoGenId: false, fields: [id, title("name")] } });
  const made = await collections.create({
    values: { name: "essays", title: "Essays", autoGenId: false, createdBy: true, fields: [id, title("title"), marks] },
  });
  assert.deepEqual(
    made.data.data.fields.map((field) => field.name),
    ["id", "title", "marks"],
  );

  const essays = client.resource("essays");
  const { data: created } = await essays.create({ values: { title: "a", marks: [{ name: "x" }] } });
  const key = created.data.id;
  const { data: listed } = await essays.list({
    filter: { title: { $includes: "a" } },
    sort: ["-id"],
    fields: ["id", "title"],
    appends: ["marks"],
    page: 1,
    pageSize: 5,
  });
  assert.equal(listed.meta.count, 1);
  assert.deepEqual(listed.data[0].marks.map((mark) => mark.name), ["x"]);
  assert.equal((await essays.get({ filterByTk: key })).data.data.createdById, 1);
  const { data: updated } = await essays.update({ filterByTk: key, values: { title: "b" } });
  assert.equal(updated.data[0].title, "b");

  const below = client.resource("essays.marks", key);
  const other = (await client.resource("marks").create({ values: { name: "y" } })).data.data;
  await below.add({ values: [other.id] });
  assert.equal((await below.list()).data.data.length, 2);
  await below.remove({ values: [other.id] });
  assert.equal((await below.list()).data.data.length, 1);

  const fields = client.resource("collections.fields", "essays");
  await fields.create({ values: { name: "length", type: "integer", interface: "integer" } });
  await fields.update({ filterByTk: "length", values: { uiSchema: { title: "Length" } } });
  assert.equal((await fields.list({ paginate: false })).data.data.length, 4);
  await fields.destroy({ filterByTk: "length" });
  await essays.destroy({ filterByTk: key });
  await collections.destroy({ filterByTk: "essays" });
  await assert.rejects(essays.list(), (error) => error.response.status === 404);
  await client.auth.signOut();
});
