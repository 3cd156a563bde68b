-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "eve";

-- CreateTable
CREATE TABLE "eve"."killmails" (
    "killmail_id" BIGINT NOT NULL,
    "killmail_hash" TEXT NOT NULL,
    "listed_hash" TEXT,
    "killmail_time" TIMESTAMPTZ NOT NULL,
    "solar_system_id" BIGINT NOT NULL,
    "war_id" BIGINT,
    "moon_id" BIGINT,
    "location_id" BIGINT,
    "fitted_value" DECIMAL(24,2),
    "dropped_value" DECIMAL(24,2),
    "destroyed_value" DECIMAL(24,2),
    "total_value" DECIMAL(24,2),
    "droppable_value" DECIMAL(24,2),
    "points" INTEGER,
    "npc" BOOLEAN,
    "solo" BOOLEAN,
    "awox" BOOLEAN,
    "labels" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "killmails_pkey" PRIMARY KEY ("killmail_id")
);

-- CreateTable
CREATE TABLE "eve"."killmail_victims" (
    "killmail_id" BIGINT NOT NULL,
    "character_id" BIGINT,
    "corporation_id" BIGINT,
    "alliance_id" BIGINT,
    "faction_id" BIGINT,
    "ship_type_id" BIGINT NOT NULL,
    "damage_taken" BIGINT NOT NULL,
    "position_x" DOUBLE PRECISION,
    "position_y" DOUBLE PRECISION,
    "position_z" DOUBLE PRECISION,

    CONSTRAINT "killmail_victims_pkey" PRIMARY KEY ("killmail_id")
);

-- CreateTable
CREATE TABLE "eve"."killmail_attackers" (
    "killmail_id" BIGINT NOT NULL,
    "seq" INTEGER NOT NULL,
    "character_id" BIGINT,
    "corporation_id" BIGINT,
    "alliance_id" BIGINT,
    "faction_id" BIGINT,
    "ship_type_id" BIGINT,
    "weapon_type_id" BIGINT,
    "damage_done" BIGINT NOT NULL,
    "final_blow" BOOLEAN NOT NULL,
    "security_status" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "killmail_attackers_pkey" PRIMARY KEY ("killmail_id","seq")
);

-- CreateTable
CREATE TABLE "eve"."killmail_items" (
    "killmail_id" BIGINT NOT NULL,
    "seq" INTEGER NOT NULL,
    "parent_seq" INTEGER,
    "item_type_id" BIGINT NOT NULL,
    "flag" INTEGER NOT NULL,
    "singleton" INTEGER NOT NULL,
    "quantity_dropped" BIGINT,
    "quantity_destroyed" BIGINT,

    CONSTRAINT "killmail_items_pkey" PRIMARY KEY ("killmail_id","seq")
);

-- CreateTable
CREATE TABLE "eve"."killmail_refusals" (
    "killmail_id" BIGINT NOT NULL,
    "listed_hash" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "refused_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "killmail_refusals_pkey" PRIMARY KEY ("killmail_id","listed_hash")
);

-- CreateTable
CREATE TABLE "eve"."characters" (
    "character_id" BIGINT NOT NULL,
    "name" TEXT,
    "corporation_id" BIGINT,
    "alliance_id" BIGINT,
    "faction_id" BIGINT,
    "deleted_at" TIMESTAMPTZ,
    "checked_at" TIMESTAMPTZ,

    CONSTRAINT "characters_pkey" PRIMARY KEY ("character_id")
);

-- CreateTable
CREATE TABLE "eve"."corporations" (
    "corporation_id" BIGINT NOT NULL,
    "name" TEXT,
    "ticker" TEXT,
    "ceo_id" BIGINT,
    "creator_id" BIGINT,
    "alliance_id" BIGINT,
    "faction_id" BIGINT,
    "home_station_id" BIGINT,
    "member_count" INTEGER,
    "shares" BIGINT,
    "tax_rate" DOUBLE PRECISION,
    "date_founded" TIMESTAMPTZ,
    "url" TEXT,
    "war_eligible" BOOLEAN,
    "deleted_at" TIMESTAMPTZ,
    "etag" TEXT,
    "checked_at" TIMESTAMPTZ,

    CONSTRAINT "corporations_pkey" PRIMARY KEY ("corporation_id")
);

-- CreateTable
CREATE TABLE "eve"."alliances" (
    "alliance_id" BIGINT NOT NULL,
    "name" TEXT,
    "ticker" TEXT,
    "creator_id" BIGINT,
    "creator_corporation_id" BIGINT,
    "executor_corporation_id" BIGINT,
    "faction_id" BIGINT,
    "date_founded" TIMESTAMPTZ,
    "deleted_at" TIMESTAMPTZ,
    "etag" TEXT,
    "checked_at" TIMESTAMPTZ,

    CONSTRAINT "alliances_pkey" PRIMARY KEY ("alliance_id")
);

-- CreateTable
CREATE TABLE "eve"."types" (
    "type_id" BIGINT NOT NULL,
    "name" TEXT,
    "group_id" BIGINT,
    "market_group_id" BIGINT,
    "mass" DOUBLE PRECISION,
    "volume" DOUBLE PRECISION,
    "packaged_volume" DOUBLE PRECISION,
    "capacity" DOUBLE PRECISION,
    "radius" DOUBLE PRECISION,
    "portion_size" INTEGER,
    "published" BOOLEAN,
    "deleted_at" TIMESTAMPTZ,
    "etag" TEXT,
    "checked_at" TIMESTAMPTZ,

    CONSTRAINT "types_pkey" PRIMARY KEY ("type_id")
);

-- CreateIndex
CREATE INDEX "killmails_killmail_time_idx" ON "eve"."killmails"("killmail_time");

-- CreateIndex
CREATE INDEX "killmail_victims_character_id_idx" ON "eve"."killmail_victims"("character_id");

-- CreateIndex
CREATE INDEX "killmail_victims_corporation_id_idx" ON "eve"."killmail_victims"("corporation_id");

-- CreateIndex
CREATE INDEX "killmail_victims_alliance_id_idx" ON "eve"."killmail_victims"("alliance_id");

-- CreateIndex
CREATE INDEX "killmail_attackers_character_id_idx" ON "eve"."killmail_attackers"("character_id");

-- CreateIndex
CREATE INDEX "killmail_attackers_corporation_id_idx" ON "eve"."killmail_attackers"("corporation_id");

-- CreateIndex
CREATE INDEX "killmail_attackers_alliance_id_idx" ON "eve"."killmail_attackers"("alliance_id");

-- CreateIndex
CREATE INDEX "characters_corporation_id_idx" ON "eve"."characters"("corporation_id");

-- CreateIndex
CREATE INDEX "corporations_alliance_id_idx" ON "eve"."corporations"("alliance_id");
