-- A page of the jobs of one status or source does not pass the many beside them; the same index counts them.
DROP INDEX "backhaul"."jobs_status_source_idx";
CREATE INDEX "jobs_source_status_created_at_id_idx" ON "backhaul"."jobs"("source", "status", "created_at", "id");

-- Retention finds the oldest ended jobs whose tasks are still there.
CREATE INDEX "jobs_uncleared" ON "backhaul"."jobs"("completed_at")
  WHERE "report" IS NOT NULL AND "completed_at" IS NOT NULL AND coalesce("report" ->> 'cleared', 'under way') = 'under way';
