-- What a source counts besides the outcomes of records, and why the end of a task is no proof.
alter table "backhaul"."tasks" add column "counters" jsonb not null default '{}', add column "unverified" text;
