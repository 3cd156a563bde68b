-- Ids and hashes are COLLATE "C": statements write them in the order of their code units.
-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "toastmasters";

-- CreateTable
CREATE TABLE "toastmasters"."snapshots" (
    "logical_date" DATE NOT NULL,
    "program_year" TEXT NOT NULL,
    "month_end" DATE NOT NULL,
    "schema_version" TEXT NOT NULL DEFAULT '1.0.0',
    "calculation_version" TEXT NOT NULL DEFAULT '1.0.0',
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "snapshots_pkey" PRIMARY KEY ("logical_date")
);

-- CreateTable
CREATE TABLE "toastmasters"."district_snapshots" (
    "logical_date" DATE NOT NULL,
    "district_id" TEXT COLLATE "C" NOT NULL,
    "program_year" TEXT NOT NULL,
    "as_of" DATE NOT NULL,
    "fetched_at" TIMESTAMPTZ NOT NULL,
    "is_final" BOOLEAN NOT NULL,
    "clubs" INTEGER NOT NULL,
    "clubs_active" INTEGER NOT NULL,
    "clubs_low" INTEGER NOT NULL,
    "clubs_ineligible" INTEGER NOT NULL,
    "clubs_suspended" INTEGER NOT NULL,
    "clubs_distinguished" INTEGER NOT NULL,
    "members" INTEGER,
    "members_base" INTEGER,
    "payments" INTEGER,
    "hash" TEXT COLLATE "C" NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "district_snapshots_pkey" PRIMARY KEY ("logical_date","district_id")
);

-- CreateTable
CREATE TABLE "toastmasters"."clubs" (
    "logical_date" DATE NOT NULL,
    "district_id" TEXT COLLATE "C" NOT NULL,
    "club_number" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "division" TEXT,
    "area" TEXT,
    "status" TEXT,
    "csp" BOOLEAN,
    "mem_base" INTEGER,
    "active_members" INTEGER,
    "net_growth" INTEGER,
    "goals_met" INTEGER,
    "level_1s" INTEGER,
    "level_2s" INTEGER,
    "add_level_2s" INTEGER,
    "level_3s" INTEGER,
    "level_4s" INTEGER,
    "add_level_4s" INTEGER,
    "level_5s" INTEGER,
    "ccs" INTEGER,
    "add_ccs" INTEGER,
    "acs" INTEGER,
    "add_acs" INTEGER,
    "dtms" INTEGER,
    "add_dtms" INTEGER,
    "new_members" INTEGER,
    "add_new_members" INTEGER,
    "trained_round_1" INTEGER,
    "trained_round_2" INTEGER,
    "dues_october" INTEGER,
    "dues_april" INTEGER,
    "officer_list_on_time" INTEGER,
    "distinguished" TEXT,
    "new_payments" INTEGER,
    "late_renewals" INTEGER,
    "october_renewals" INTEGER,
    "april_renewals" INTEGER,
    "total_renewals" INTEGER,
    "total_charter" INTEGER,
    "total_to_date" INTEGER,
    "chartered_on" DATE,
    "suspended_on" DATE,
    "values" JSONB NOT NULL,

    CONSTRAINT "clubs_pkey" PRIMARY KEY ("logical_date","district_id","club_number")
);

-- CreateTable
CREATE TABLE "toastmasters"."districts_summary" (
    "logical_date" DATE NOT NULL,
    "district_id" TEXT COLLATE "C" NOT NULL,
    "program_year" TEXT NOT NULL,
    "as_of" DATE NOT NULL,
    "fetched_at" TIMESTAMPTZ NOT NULL,
    "is_final" BOOLEAN NOT NULL,
    "region" TEXT,
    "dsp" BOOLEAN,
    "training" BOOLEAN,
    "market_analysis" BOOLEAN,
    "communication_plan" BOOLEAN,
    "region_advisor_visit" BOOLEAN,
    "new_payments" INTEGER,
    "april_payments" INTEGER,
    "october_payments" INTEGER,
    "late_payments" INTEGER,
    "charter_payments" INTEGER,
    "total_ytd_payments" INTEGER,
    "payment_base" INTEGER,
    "payment_growth_percent" DECIMAL(12,2),
    "paid_club_base" INTEGER,
    "paid_clubs" INTEGER,
    "club_growth_percent" DECIMAL(12,2),
    "active_clubs" INTEGER,
    "distinguished_clubs" INTEGER,
    "select_distinguished_clubs" INTEGER,
    "presidents_distinguished_clubs" INTEGER,
    "smedley_distinguished_clubs" INTEGER,
    "total_distinguished_clubs" INTEGER,
    "distinguished_clubs_percent" DECIMAL(12,2),
    "values" JSONB NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "districts_summary_pkey" PRIMARY KEY ("logical_date","district_id")
);

-- CreateTable
CREATE TABLE "toastmasters"."bodies" (
    "report" TEXT COLLATE "C" NOT NULL,
    "district_id" TEXT COLLATE "C" NOT NULL,
    "month_end" DATE NOT NULL,
    "as_of" DATE NOT NULL,
    "hash" TEXT COLLATE "C" NOT NULL,
    "logical_date" DATE NOT NULL,
    "program_year" TEXT NOT NULL,
    "content" BYTEA NOT NULL,
    "size" INTEGER NOT NULL,
    "rows" INTEGER NOT NULL,
    "url" TEXT NOT NULL,
    "via" TEXT NOT NULL,
    "footer_month" SMALLINT,
    "footer_as_of" DATE,
    "first_fetched_at" TIMESTAMPTZ NOT NULL,
    "last_fetched_at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "bodies_pkey" PRIMARY KEY ("district_id","month_end","as_of","report","hash")
);

-- CreateTable
CREATE TABLE "toastmasters"."revisions" (
    "logical_date" DATE NOT NULL,
    "scope" TEXT COLLATE "C" NOT NULL,
    "as_of" DATE NOT NULL,
    "hash" TEXT COLLATE "C" NOT NULL,
    "hashes" TEXT[],
    "fetched_at" TIMESTAMPTZ NOT NULL,
    "is_final" BOOLEAN NOT NULL,
    "size" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "superseded_at" TIMESTAMPTZ,

    CONSTRAINT "revisions_pkey" PRIMARY KEY ("logical_date","scope","as_of","hash")
);

-- CreateTable
CREATE TABLE "toastmasters"."as_of_lists" (
    "program_year" TEXT NOT NULL,
    "month_end" DATE NOT NULL,
    "entries" JSONB NOT NULL,
    "read_at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "as_of_lists_pkey" PRIMARY KEY ("month_end","program_year")
);

-- CreateTable
CREATE TABLE "toastmasters"."configured_districts" (
    "district_id" TEXT COLLATE "C" NOT NULL,
    "added_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "added_by" TEXT NOT NULL,

    CONSTRAINT "configured_districts_pkey" PRIMARY KEY ("district_id")
);

-- CreateTable
CREATE TABLE "toastmasters"."config_changes" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "added" TEXT[],
    "removed" TEXT[],

    CONSTRAINT "config_changes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "toastmasters"."mismatches" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "report" TEXT COLLATE "C" NOT NULL,
    "district_id" TEXT COLLATE "C" NOT NULL,
    "month_end" DATE NOT NULL,
    "as_of" DATE NOT NULL,
    "logical_date" DATE NOT NULL,
    "reason" TEXT NOT NULL,

    CONSTRAINT "mismatches_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "toastmasters"."cache_statistics" (
    "worker" TEXT NOT NULL,
    "entries" INTEGER NOT NULL,
    "bytes" BIGINT NOT NULL,
    "hits" BIGINT NOT NULL,
    "misses" BIGINT NOT NULL,
    "evicted" BIGINT NOT NULL,
    "expired" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cache_statistics_pkey" PRIMARY KEY ("worker")
);

-- CreateIndex
CREATE INDEX "district_snapshots_district_id_logical_date_idx" ON "toastmasters"."district_snapshots"("district_id", "logical_date");

-- CreateIndex
CREATE INDEX "clubs_club_number_logical_date_idx" ON "toastmasters"."clubs"("club_number", "logical_date");

-- CreateIndex
CREATE INDEX "districts_summary_district_id_logical_date_idx" ON "toastmasters"."districts_summary"("district_id", "logical_date");

-- CreateIndex
CREATE INDEX "bodies_logical_date_idx" ON "toastmasters"."bodies"("logical_date");

-- CreateIndex
CREATE INDEX "bodies_last_fetched_at_idx" ON "toastmasters"."bodies"("last_fetched_at");

-- CreateIndex
CREATE INDEX "mismatches_at_idx" ON "toastmasters"."mismatches"("at");

-- CreateIndex
CREATE INDEX "mismatches_logical_date_idx" ON "toastmasters"."mismatches"("logical_date");

-- One current version of each district's date and of each summary.
CREATE UNIQUE INDEX "revisions_current_idx" ON "toastmasters"."revisions"("logical_date", "scope") WHERE "superseded_at" IS NULL;

-- It is compressed already.
ALTER TABLE "toastmasters"."bodies" ALTER COLUMN "content" SET STORAGE EXTERNAL;

-- What is stored of each date, counted from its rows. The districts in scope are those of its summary that are configured, or all of
-- them where none is. A date is in full detail once one district has all its reports; it is complete when all in scope have them.
CREATE VIEW "toastmasters"."snapshot_status" AS
SELECT s.logical_date, s.program_year, s.month_end, s.schema_version, s.calculation_version, s.created_at,
       GREATEST(s.created_at, listed.stored_at, stored.stored_at) AS updated_at,
       GREATEST(listed.as_of, stored.as_of) AS as_of,
       CASE WHEN stored.districts > 0 THEN 'full' ELSE 'summary' END AS detail,
       CASE WHEN listed.districts = 0 OR (stored.districts > 0 AND stored.in_scope < listed.in_scope) THEN 'partial' ELSE 'complete' END AS status,
       COALESCE(listed.is_final, true) AND COALESCE(stored.is_final, true) AS is_final,
       listed.districts AS districts_listed, listed.in_scope AS districts_in_scope, stored.districts AS districts_stored,
       stored.clubs AS clubs, files.size AS size
  FROM toastmasters.snapshots s
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS districts, max(d.as_of) AS as_of, bool_and(d.is_final) AS is_final, max(d.stored_at) AS stored_at,
           count(*) FILTER (WHERE NOT EXISTS (SELECT FROM toastmasters.configured_districts)
                               OR d.district_id IN (SELECT c.district_id FROM toastmasters.configured_districts c))::int AS in_scope
      FROM toastmasters.districts_summary d WHERE d.logical_date = s.logical_date
  ) listed
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS districts, max(d.as_of) AS as_of, bool_and(d.is_final) AS is_final, max(d.stored_at) AS stored_at,
           COALESCE(sum(d.clubs), 0)::int AS clubs,
           count(*) FILTER (WHERE EXISTS (SELECT FROM toastmasters.districts_summary l
                                           WHERE l.logical_date = d.logical_date AND l.district_id = d.district_id)
                              AND (NOT EXISTS (SELECT FROM toastmasters.configured_districts)
                                OR d.district_id IN (SELECT c.district_id FROM toastmasters.configured_districts c)))::int AS in_scope
      FROM toastmasters.district_snapshots d WHERE d.logical_date = s.logical_date
  ) stored
  CROSS JOIN LATERAL (
    SELECT COALESCE(sum(r.size), 0)::bigint AS size FROM toastmasters.revisions r
     WHERE r.logical_date = s.logical_date AND r.superseded_at IS NULL
  ) files;
