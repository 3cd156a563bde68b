-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "tf2";

-- CreateTable
CREATE TABLE "tf2"."listings" (
    "id" TEXT COLLATE "C" NOT NULL,
    "steamid" TEXT,
    "item_defindex" INTEGER,
    "item_quality_id" INTEGER,
    "intent" TEXT,
    "appid" INTEGER NOT NULL DEFAULT 440,
    "metal" DECIMAL(20,6),
    "keys" DECIMAL(20,6),
    "currencies" JSONB,
    "raw_value" DECIMAL(20,6),
    "short_value" TEXT,
    "long_value" TEXT,
    "details" TEXT,
    "listed_at" BIGINT,
    "bumped_at" BIGINT,
    "item_name" TEXT,
    "market_name" TEXT,
    "status" TEXT,
    "user_agent_client" TEXT,
    "user_name" TEXT,
    "user_premium" BOOLEAN,
    "user_online" BOOLEAN,
    "user_banned" BOOLEAN,
    "user_trade_offer_url" TEXT,
    "item_tradable" BOOLEAN,
    "item_craftable" BOOLEAN,
    "item_quality_color" TEXT,
    "item_particle_name" TEXT,
    "item_particle_type" TEXT,
    "spell_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "strange_part_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "paint_id" TEXT,
    "paint_name" TEXT,
    "paint_color" TEXT,
    "paint_secondary_hex" TEXT,
    "mark" TEXT,
    "fingerprint" TEXT,
    "observed_at" TIMESTAMPTZ NOT NULL,
    "observed_rank" SMALLINT NOT NULL,
    "observed_event" TEXT COLLATE "C" NOT NULL DEFAULT '',
    "is_deleted" BOOLEAN NOT NULL DEFAULT false,
    "deleted_at" BIGINT,
    "created_at" BIGINT NOT NULL,
    "updated_at" BIGINT NOT NULL,
    "updated_in" BIGINT,

    CONSTRAINT "listings_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tf2"."inventories" (
    "steamid" TEXT NOT NULL,
    "items" JSONB NOT NULL,
    "read_at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "inventories_pkey" PRIMARY KEY ("steamid")
);

-- CreateIndex
CREATE INDEX "listings_item_name_intent_idx" ON "tf2"."listings"("item_name", "intent");

-- CreateIndex
CREATE INDEX "listings_item_defindex_item_quality_id_idx" ON "tf2"."listings"("item_defindex", "item_quality_id");

-- CreateIndex
CREATE INDEX "listings_updated_at_idx" ON "tf2"."listings"("updated_at");

-- CreateIndex
CREATE INDEX "inventories_read_at_idx" ON "tf2"."inventories"("read_at");

-- Tombstones by age, for the sweep.
CREATE INDEX "listings_gone_idx" ON "tf2"."listings"("deleted_at") WHERE "is_deleted";

-- Users of the program this one replaces select from "listings". Somebody else's table of that name stays theirs.
DO $$
BEGIN
  IF to_regclass('public.listings') IS NULL THEN
    CREATE VIEW public.listings AS SELECT * FROM tf2.listings WHERE NOT is_deleted;
  END IF;
EXCEPTION
  -- No right to create in public: the table in its own schema serves as well.
  WHEN insufficient_privilege THEN NULL;
END
$$;
