-- CreateEnum
CREATE TYPE "backhaul"."delivery_state" AS ENUM ('pending', 'delivered', 'failed');

-- CreateEnum
CREATE TYPE "backhaul"."missed_ticks" AS ENUM ('skip', 'make_up');

-- DropIndex
DROP INDEX "backhaul"."jobs_created_at_idx";

-- AlterTable
ALTER TABLE "backhaul"."events_outbox" ADD COLUMN     "fanned_at" TIMESTAMPTZ;

-- AlterTable
ALTER TABLE "backhaul"."jobs" ADD COLUMN     "trace" TEXT;

-- AlterTable
ALTER TABLE "backhaul"."workers" ADD COLUMN     "loop_lag_ms" DOUBLE PRECISION NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "backhaul"."webhooks" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "url" TEXT NOT NULL,
    "events" TEXT[],
    "secret" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backhaul"."deliveries" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "webhook_id" UUID NOT NULL,
    "event_id" BIGINT,
    "key" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "state" "backhaul"."delivery_state" NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "status" INTEGER,
    "error" TEXT,
    "took_ms" INTEGER,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tried_at" TIMESTAMPTZ,

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backhaul"."schedules" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "cron" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "jitter_s" INTEGER NOT NULL DEFAULT 0,
    "missed" "backhaul"."missed_ticks" NOT NULL DEFAULT 'skip',
    "source" TEXT NOT NULL,
    "params" JSONB NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 2,
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "tick_at" TIMESTAMPTZ NOT NULL,
    "due_at" TIMESTAMPTZ NOT NULL,
    "last_at" TIMESTAMPTZ,
    "last_job" UUID,
    "error" TEXT,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedules_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backhaul"."actions" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "who" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "door" TEXT NOT NULL,
    "verb" TEXT NOT NULL,
    "target" TEXT,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "outcome" TEXT NOT NULL,

    CONSTRAINT "actions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backhaul"."alerts" (
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "since" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alerts_pkey" PRIMARY KEY ("kind","subject")
);

-- CreateTable
CREATE TABLE "backhaul"."counters" (
    "name" TEXT NOT NULL,
    "labels" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL DEFAULT 0,

    CONSTRAINT "counters_pkey" PRIMARY KEY ("name","labels")
);

-- CreateTable
CREATE TABLE "backhaul"."samples" (
    "minute" TIMESTAMPTZ NOT NULL,
    "name" TEXT NOT NULL,
    "labels" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL DEFAULT 0,

    CONSTRAINT "samples_pkey" PRIMARY KEY ("minute","name","labels")
);

-- CreateIndex
CREATE INDEX "deliveries_state_due_at_idx" ON "backhaul"."deliveries"("state", "due_at");

-- CreateIndex
CREATE INDEX "deliveries_webhook_id_created_at_idx" ON "backhaul"."deliveries"("webhook_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_webhook_id_event_id_key" ON "backhaul"."deliveries"("webhook_id", "event_id");

-- CreateIndex
CREATE UNIQUE INDEX "schedules_name_key" ON "backhaul"."schedules"("name");

-- CreateIndex
CREATE INDEX "actions_at_idx" ON "backhaul"."actions"("at");

-- CreateIndex
CREATE INDEX "jobs_created_at_id_idx" ON "backhaul"."jobs"("created_at", "id");

-- AddForeignKey
ALTER TABLE "backhaul"."deliveries" ADD CONSTRAINT "deliveries_webhook_id_fkey" FOREIGN KEY ("webhook_id") REFERENCES "backhaul"."webhooks"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What is not expressible in the Prisma schema.

-- Events from before there were webhooks are nobody's.
UPDATE "backhaul"."events_outbox" SET "fanned_at" = CURRENT_TIMESTAMP;
CREATE INDEX "events_outbox_unfanned" ON "backhaul"."events_outbox"("id") WHERE "fanned_at" IS NULL;
