-- Since when a job has had work beyond its last turn, which tells whether it rested.
ALTER TABLE "backhaul"."shares" ADD COLUMN "since" TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp();
