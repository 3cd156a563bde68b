-- A job that is tried again keeps how its earlier runs ended, and its time is that of its runs.
ALTER TABLE "backhaul"."jobs" ADD COLUMN "run" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN "run_started_at" TIMESTAMPTZ,
ADD COLUMN "ran_seconds" DOUBLE PRECISION NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "backhaul"."runs" (
    "job_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ NOT NULL,
    "ended_at" TIMESTAMPTZ NOT NULL,
    "status" "backhaul"."job_status" NOT NULL,
    "error" TEXT,
    "tasks" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "seen" BIGINT NOT NULL,
    "new" BIGINT NOT NULL,

    CONSTRAINT "runs_pkey" PRIMARY KEY ("job_id","number")
);

-- AddForeignKey
ALTER TABLE "backhaul"."runs" ADD CONSTRAINT "runs_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "backhaul"."jobs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
