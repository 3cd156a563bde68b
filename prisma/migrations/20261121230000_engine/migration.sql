-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "backhaul";

-- CreateEnum
CREATE TYPE "backhaul"."job_status" AS ENUM ('queued', 'running', 'paused', 'completed', 'partial', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "backhaul"."task_state" AS ENUM ('waiting', 'ready', 'done', 'skipped', 'failed', 'cancelled');

-- CreateTable
CREATE TABLE "backhaul"."jobs" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "source" TEXT NOT NULL,
    "status" "backhaul"."job_status" NOT NULL DEFAULT 'queued',
    "params" JSONB NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 2,
    "active_key" TEXT,
    "admitted" BOOLEAN NOT NULL DEFAULT false,
    "lane_width" INTEGER NOT NULL DEFAULT 1,
    "lanes_at_once" INTEGER NOT NULL DEFAULT 8,
    "backlog" INTEGER,
    "open" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ,
    "completed_at" TIMESTAMPTZ,
    "error" TEXT,
    "report" JSONB,

    CONSTRAINT "jobs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backhaul"."tasks" (
    "id" BIGSERIAL NOT NULL,
    "job_id" UUID NOT NULL,
    "stream" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "queue" TEXT NOT NULL,
    "state" "backhaul"."task_state" NOT NULL DEFAULT 'waiting',
    "lane" TEXT,
    "stage" INTEGER NOT NULL DEFAULT 0,
    "seq" BIGSERIAL NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 2,
    "step" INTEGER NOT NULL DEFAULT 0,
    "claim" BIGINT,
    "holder" TEXT,
    "claimed_at" TIMESTAMPTZ,
    "due_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "slot_at" TIMESTAMPTZ,
    "waiting_on" TEXT,
    "rung_at" TIMESTAMPTZ,
    "rings" INTEGER NOT NULL DEFAULT 0,
    "cursor" JSONB NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error_kind" TEXT,
    "error" TEXT,
    "reason" TEXT,
    "pages" INTEGER NOT NULL DEFAULT 0,
    "seen" BIGINT NOT NULL DEFAULT 0,
    "new" BIGINT NOT NULL DEFAULT 0,
    "updated" BIGINT NOT NULL DEFAULT 0,
    "known" BIGINT NOT NULL DEFAULT 0,
    "rejected" BIGINT NOT NULL DEFAULT 0,
    "deleted" BIGINT NOT NULL DEFAULT 0,
    "expected" BIGINT,
    "traffic" JSONB NOT NULL DEFAULT '{}',
    "notes" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "paged_at" TIMESTAMPTZ,
    "settled_at" TIMESTAMPTZ,

    CONSTRAINT "tasks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backhaul"."lookups" (
    "kind" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "asked" BIGINT NOT NULL DEFAULT 1,
    "answered" BIGINT NOT NULL DEFAULT 0,
    "asked_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "fresh_until" TIMESTAMPTZ,
    "priority" INTEGER NOT NULL DEFAULT 2,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "claim" BIGINT,
    "holder" TEXT,
    "claimed_at" TIMESTAMPTZ,
    "claimed" BIGINT,
    "rung_at" TIMESTAMPTZ,
    "rings" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "jobs" UUID[] DEFAULT ARRAY[]::UUID[],

    CONSTRAINT "lookups_pkey" PRIMARY KEY ("kind","id")
);

-- CreateTable
CREATE TABLE "backhaul"."inbox" (
    "queue" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "job_id" UUID,
    "taken_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inbox_pkey" PRIMARY KEY ("queue","message_id")
);

-- CreateTable
CREATE TABLE "backhaul"."events_outbox" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_at" TIMESTAMPTZ,

    CONSTRAINT "events_outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backhaul"."rejects" (
    "id" BIGSERIAL NOT NULL,
    "job_id" UUID NOT NULL,
    "task_id" BIGINT NOT NULL,
    "source" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "detail" TEXT,
    "raw" TEXT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "rejects_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backhaul"."workers" (
    "id" TEXT NOT NULL,
    "app" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "queues" TEXT[],
    "concurrency" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "beat_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "holding" BIGINT[] DEFAULT ARRAY[]::BIGINT[],
    "rss_bytes" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backhaul"."gates" (
    "name" TEXT NOT NULL,
    "next_at" TIMESTAMPTZ,
    "windows" JSONB NOT NULL DEFAULT '{}',
    "blocked_until" TIMESTAMPTZ,
    "blocked_reason" TEXT,
    "holders" JSONB NOT NULL DEFAULT '{}',
    "failures" INTEGER NOT NULL DEFAULT 0,
    "open_until" TIMESTAMPTZ,
    "granted" BIGINT NOT NULL DEFAULT 0,
    "throttled" BIGINT NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gates_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "jobs_created_at_idx" ON "backhaul"."jobs"("created_at");

-- CreateIndex
CREATE INDEX "jobs_status_source_idx" ON "backhaul"."jobs"("status", "source");

-- CreateIndex
CREATE INDEX "tasks_job_id_state_lane_stage_seq_idx" ON "backhaul"."tasks"("job_id", "state", "lane", "stage", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "tasks_job_id_stream_key_key" ON "backhaul"."tasks"("job_id", "stream", "key");

-- CreateIndex
CREATE INDEX "rejects_job_id_reason_idx" ON "backhaul"."rejects"("job_id", "reason");

-- AddForeignKey
ALTER TABLE "backhaul"."tasks" ADD CONSTRAINT "tasks_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "backhaul"."jobs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backhaul"."rejects" ADD CONSTRAINT "rejects_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "backhaul"."jobs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Prisma's schema language has no words for what follows; drift checks leave it alone.

-- Fencing tokens.
CREATE SEQUENCE "backhaul"."claims";

-- One active job for what is being backfilled.
CREATE UNIQUE INDEX "jobs_active_key" ON "backhaul"."jobs"("source", "active_key") WHERE "active_key" IS NOT NULL AND "status" IN ('queued', 'running', 'paused');

-- What may be rung and claimed next.
CREATE INDEX "tasks_claimable" ON "backhaul"."tasks"("queue", "priority", "due_at") WHERE "state" = 'ready' AND "claim" IS NULL;

-- What a worker holds.
CREATE INDEX "tasks_held" ON "backhaul"."tasks"("holder") WHERE "claim" IS NOT NULL;

-- What a running job still has to do, by lane.
CREATE INDEX "tasks_open" ON "backhaul"."tasks"("job_id", "lane") WHERE "state" IN ('waiting', 'ready');

CREATE INDEX "lookups_claimable" ON "backhaul"."lookups"("kind", "due_at") WHERE "asked" > "answered" AND "claim" IS NULL;

CREATE INDEX "lookups_held" ON "backhaul"."lookups"("holder") WHERE "claim" IS NOT NULL;

-- What the relay has still to publish.
CREATE INDEX "events_outbox_unpublished" ON "backhaul"."events_outbox"("id") WHERE "published_at" IS NULL;
