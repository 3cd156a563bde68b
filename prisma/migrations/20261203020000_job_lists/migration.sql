-- Lists of jobs in the orders that people ask for, by indexes that hold each of them; and who knows of a job that failed.
ALTER TABLE "backhaul"."jobs" ADD COLUMN "label" TEXT,
ADD COLUMN "kind" TEXT,
ADD COLUMN "acknowledged_at" TIMESTAMPTZ,
ADD COLUMN "acknowledged_by" TEXT;

CREATE INDEX "jobs_queued" ON "backhaul"."jobs"("source", "priority", ("started_at" IS NULL), "arrival", "id")
  WHERE "status" = 'queued' AND NOT "admitted";
CREATE INDEX "jobs_running" ON "backhaul"."jobs"("source", "created_at", "id") WHERE "admitted";
CREATE INDEX "jobs_ended_open" ON "backhaul"."jobs"("source", "status", (coalesce("completed_at", "created_at")), "id")
  WHERE "status" IN ('completed', 'partial', 'failed', 'cancelled') AND "acknowledged_at" IS NULL;
CREATE INDEX "jobs_ended_known" ON "backhaul"."jobs"("source", "status", (coalesce("completed_at", "created_at")), "id")
  WHERE "acknowledged_at" IS NOT NULL;
CREATE INDEX "jobs_by_records" ON "backhaul"."jobs"("source", (coalesce(("report" ->> 'seen')::float8, 0)), "id") WHERE "report" IS NOT NULL;
CREATE INDEX "jobs_by_seconds" ON "backhaul"."jobs"("source", (("ran_seconds" + extract(epoch from "completed_at" -
    CASE WHEN "run" = 1 THEN coalesce("started_at", "created_at") ELSE coalesce("run_started_at", "completed_at") END))::float8), "id")
  WHERE "completed_at" IS NOT NULL;

-- The jobs of which work waits for a person are found without reading all that waits.
DROP INDEX "backhaul"."tasks_held_by";
CREATE INDEX "tasks_held_by" ON "backhaul"."tasks"("held_by", "job_id") WHERE "held_by" IS NOT NULL;
