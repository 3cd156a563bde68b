-- Work that waits until a person acts: a task names the key that holds it, and releasing the key makes its tasks due.
create table "backhaul"."holds" (
  "key" text not null,
  "reason" text not null,
  "held_at" timestamptz not null default current_timestamp,
  "released_at" timestamptz,
  constraint "holds_pkey" primary key ("key")
);

alter table "backhaul"."tasks" add column "held_by" text;

create index "tasks_held_by" on "backhaul"."tasks" ("held_by") where held_by is not null;
