-- What an alert is about, what to run at the command line, and who has acknowledged it. The row is deleted when its problem ends, and
-- the acknowledgement with it.
ALTER TABLE "backhaul"."alerts" ADD COLUMN "hint" TEXT,
ADD COLUMN "target_kind" TEXT,
ADD COLUMN "target_id" TEXT,
ADD COLUMN "acknowledged_at" TIMESTAMPTZ,
ADD COLUMN "acknowledged_by" TEXT,
ADD COLUMN "acknowledged_from" TEXT;
