-- A short stable word for why a task was skipped.
alter table "backhaul"."tasks" add column "reason_kind" text;
