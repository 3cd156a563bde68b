-- Keys are COLLATE "C": hosts order by code unit, and a page is compared with what is held by that order.
-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "atproto";

-- CreateTable
CREATE TABLE "atproto"."records" (
    "uri" TEXT COLLATE "C" NOT NULL,
    "did" TEXT COLLATE "C" NOT NULL,
    "collection" TEXT COLLATE "C" NOT NULL,
    "rkey" TEXT COLLATE "C" NOT NULL,
    "cid" TEXT NOT NULL,
    "record" JSONB NOT NULL,
    "indexed_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_rev" TEXT NOT NULL,
    "missing_rev" TEXT,

    CONSTRAINT "records_pkey" PRIMARY KEY ("uri")
);

-- CreateTable
CREATE TABLE "atproto"."repos" (
    "did" TEXT COLLATE "C" NOT NULL,
    "pds" TEXT,
    "handle" TEXT,
    "status" TEXT NOT NULL,
    "rev" TEXT,
    "synced_at" TIMESTAMPTZ,
    "resolved_at" TIMESTAMPTZ,
    "synced" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "repos_pkey" PRIMARY KEY ("did")
);

-- CreateTable
CREATE TABLE "atproto"."lexicons" (
    "id" TEXT NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "type" TEXT,
    "backfill" BOOLEAN NOT NULL DEFAULT true,
    "document" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "lexicons_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "atproto"."relay_cursors" (
    "relay" TEXT NOT NULL,
    "collection" TEXT COLLATE "C" NOT NULL,
    "cursor" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "relay_cursors_pkey" PRIMARY KEY ("relay","collection")
);

-- CreateIndex
CREATE INDEX "records_did_collection_rkey_idx" ON "atproto"."records"("did", "collection", "rkey");

-- CreateIndex
CREATE INDEX "records_collection_indexed_at_idx" ON "atproto"."records"("collection", "indexed_at");

-- CreateIndex
CREATE INDEX "repos_pds_idx" ON "atproto"."repos"("pds");
