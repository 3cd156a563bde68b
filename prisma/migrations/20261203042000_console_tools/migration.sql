-- Webhooks: since when the tries to deliver fail.
ALTER TABLE "backhaul"."webhooks" ADD COLUMN "failing_since" TIMESTAMPTZ,
ADD COLUMN "failures" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "error" TEXT;

-- The next try of a webhook, however many deliveries others have.
CREATE INDEX "deliveries_pending_idx" ON "backhaul"."deliveries"("webhook_id", "due_at") WHERE "state" = 'pending';

-- CreateEnum
CREATE TYPE "backhaul"."tick_outcome" AS ENUM ('started', 'joined', 'skipped', 'refused');

-- CreateTable
CREATE TABLE "backhaul"."schedule_ticks" (
    "id" BIGSERIAL NOT NULL,
    "schedule_id" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tick_at" TIMESTAMPTZ,
    "outcome" "backhaul"."tick_outcome" NOT NULL,
    "job_id" UUID,
    "reason" TEXT,

    CONSTRAINT "schedule_ticks_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "schedule_ticks_schedule_id_id_idx" ON "backhaul"."schedule_ticks"("schedule_id", "id");

-- CreateIndex
CREATE INDEX "schedule_ticks_at_idx" ON "backhaul"."schedule_ticks"("at");

-- AddForeignKey
ALTER TABLE "backhaul"."schedule_ticks" ADD CONSTRAINT "schedule_ticks_schedule_id_fkey" FOREIGN KEY ("schedule_id") REFERENCES "backhaul"."schedules"("id") ON DELETE CASCADE ON UPDATE CASCADE;
