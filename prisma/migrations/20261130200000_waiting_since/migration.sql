-- When a task was first parked since its last page: waits use no attempt, so a stream that wants to end one needs its length.
alter table "backhaul"."tasks" add column "waiting_since" timestamptz;
