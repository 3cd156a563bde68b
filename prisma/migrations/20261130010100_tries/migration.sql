-- How often the tasks of a job are tried, and how far apart, where its plan says so.
alter table "backhaul"."jobs" add column "tries" jsonb;
