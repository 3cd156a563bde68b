-- Jobs wait for their turn in the order of their arrival, by what bounds how many of them run at once.
ALTER TABLE "backhaul"."jobs" ADD COLUMN "arrival" BIGSERIAL NOT NULL,
ADD COLUMN "bounded_by" TEXT;

UPDATE "backhaul"."jobs" j SET "bounded_by" = CASE j."source" WHEN 'atproto' THEN 'atproto' ELSE
  coalesce((SELECT t."queue" FROM "backhaul"."tasks" t WHERE t."job_id" = j."id" ORDER BY t."id" LIMIT 1), j."source") END;
UPDATE "backhaul"."jobs" SET "admitted" = "status" = 'running';

ALTER TABLE "backhaul"."jobs" ALTER COLUMN "bounded_by" SET NOT NULL;

-- The order in which jobs are admitted: priority, what had begun before, arrival.
CREATE INDEX "jobs_in_turn" ON "backhaul"."jobs"("bounded_by", "priority", ("started_at" IS NULL), "arrival")
  INCLUDE ("id") WHERE "status" = 'queued' AND NOT "admitted";
CREATE INDEX "jobs_admitted" ON "backhaul"."jobs"("bounded_by", "priority") WHERE "admitted";
CREATE INDEX "jobs_to_sweep" ON "backhaul"."jobs"("id") WHERE "status" = 'cancelled' AND "report" IS NULL;
CREATE INDEX "jobs_ended" ON "backhaul"."jobs"("bounded_by", "completed_at") WHERE "completed_at" IS NOT NULL;

-- What may be woken is found queue by queue and job by job, the longest due first.
DROP INDEX "backhaul"."tasks_claimable";
CREATE INDEX "tasks_due" ON "backhaul"."tasks"("queue", "job_id", "due_at") WHERE "state" = 'ready' AND "claim" IS NULL;
