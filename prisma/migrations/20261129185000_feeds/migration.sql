-- A reject of a message belongs to no job.
ALTER TABLE "backhaul"."rejects" ALTER COLUMN "job_id" DROP NOT NULL, ALTER COLUMN "task_id" DROP NOT NULL;
CREATE INDEX "rejects_without_job_idx" ON "backhaul"."rejects"("at") WHERE "job_id" IS NULL;

-- CreateTable
CREATE TABLE "backhaul"."leases" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "until" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "leases_pkey" PRIMARY KEY ("name")
);
