-- Lookups wait until a person acts as well, and releasing the key makes them due.
alter table "backhaul"."lookups" add column "held_by" text;

create index "lookups_held_by" on "backhaul"."lookups" ("held_by") where held_by is not null;
