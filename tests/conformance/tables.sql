-- the collections of the checklist
create table categories (id bigint generated always as identity primary key, title text);
create table posts (
    id bigint generated always as identity primary key,
    title text,
    published boolean default false,
    read integer default 0,
    score numeric,
    "categoryId" bigint references categories (id)
);
create table comments (id bigint generated always as identity primary key, content text, "postId" bigint references posts (id));
create table tags (id bigint generated always as identity primary key, name text);
create table posts_tags (
    "postId" bigint references posts (id) on delete cascade, "tagId" bigint references tags (id), primary key ("postId", "tagId")
);
-- not a collection: for sql nodes
create table plain (id integer primary key, note text);
select orchestrator.manage('categories'), orchestrator.manage('posts'), orchestrator.manage('comments'),
    orchestrator.manage('tags'), orchestrator.manage('posts_tags');
grant select, insert, update, delete on plain to orchestrator_runner;
