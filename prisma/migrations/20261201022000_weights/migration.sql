-- Weights of jobs: pages are read in proportion to them.
ALTER TABLE "backhaul"."jobs" ADD COLUMN "weight" DOUBLE PRECISION;

CREATE TABLE "backhaul"."shares" (
    "job_id" UUID NOT NULL,
    "queue" TEXT NOT NULL,
    "began" DOUBLE PRECISION NOT NULL,
    "served" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "shares_pkey" PRIMARY KEY ("job_id", "queue")
);

ALTER TABLE "backhaul"."shares" ADD CONSTRAINT "shares_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "backhaul"."jobs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
