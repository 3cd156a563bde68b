-- Ids are COLLATE "C": statements write them in the order of their code units.
-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "commerce";

-- CreateTable
CREATE TABLE "commerce"."profiles" (
    "user_id" TEXT COLLATE "C" NOT NULL,
    "plan" TEXT NOT NULL DEFAULT 'free',
    "backfill_status" TEXT,
    "backfill_completed_at" TIMESTAMPTZ,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "profiles_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "commerce"."accounts" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "user_id" TEXT COLLATE "C" NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "shop_id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT,
    "currency" TEXT COLLATE "C",
    "scopes" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "state" TEXT NOT NULL DEFAULT 'connected',
    "reason" TEXT,
    "shop_created_at" TIMESTAMPTZ,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "commerce"."orders" (
    "account_id" UUID NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "platform_id" TEXT COLLATE "C" NOT NULL,
    "number" TEXT COLLATE "C",
    "status" TEXT,
    "created_at" TIMESTAMPTZ,
    "is_cancelled" BOOLEAN NOT NULL DEFAULT false,
    "cancelled_at" TIMESTAMPTZ,
    "currency" TEXT COLLATE "C",
    "total_minor" BIGINT,
    "subtotal_minor" BIGINT,
    "shipping_minor" BIGINT,
    "tax_minor" BIGINT,
    "discount_minor" BIGINT,
    "cost_minor" BIGINT,
    "cost_rule" TEXT,
    "customer_id" TEXT COLLATE "C",
    "is_paid" BOOLEAN NOT NULL,
    "is_test" BOOLEAN NOT NULL DEFAULT false,
    "shop_order_id" TEXT COLLATE "C",
    "shop_order_label" TEXT COLLATE "C",
    "reprint_of" TEXT COLLATE "C",
    "raw" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ,
    "read_at" TIMESTAMPTZ NOT NULL,
    "deleted_at" TIMESTAMPTZ,
    "fingerprint" TEXT COLLATE "C" NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_in" BIGINT NOT NULL,

    CONSTRAINT "orders_pkey" PRIMARY KEY ("account_id","platform","platform_id")
);

-- CreateTable
CREATE TABLE "commerce"."line_items" (
    "account_id" UUID NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "platform_id" TEXT COLLATE "C" NOT NULL,
    "order_id" TEXT COLLATE "C" NOT NULL,
    "position" INTEGER NOT NULL,
    "listing_id" TEXT COLLATE "C",
    "variant_id" TEXT COLLATE "C",
    "sku" TEXT,
    "title" TEXT,
    "status" TEXT,
    "quantity" INTEGER NOT NULL,
    "currency" TEXT COLLATE "C",
    "price_minor" BIGINT,
    "total_minor" BIGINT,
    "cost_minor" BIGINT,
    "shipping_cost_minor" BIGINT,
    "print_provider_id" TEXT,
    "raw" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ,
    "read_at" TIMESTAMPTZ NOT NULL,
    "deleted_at" TIMESTAMPTZ,
    "fingerprint" TEXT COLLATE "C" NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_in" BIGINT NOT NULL,

    CONSTRAINT "line_items_pkey" PRIMARY KEY ("account_id","platform","platform_id")
);

-- CreateTable
CREATE TABLE "commerce"."fulfillments" (
    "account_id" UUID NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "platform_id" TEXT COLLATE "C" NOT NULL,
    "order_id" TEXT COLLATE "C" NOT NULL,
    "status" TEXT,
    "carrier" TEXT,
    "tracking_number" TEXT,
    "tracking_url" TEXT,
    "shipped_at" TIMESTAMPTZ,
    "delivered_at" TIMESTAMPTZ,
    "raw" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ,
    "read_at" TIMESTAMPTZ NOT NULL,
    "deleted_at" TIMESTAMPTZ,
    "fingerprint" TEXT COLLATE "C" NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_in" BIGINT NOT NULL,

    CONSTRAINT "fulfillments_pkey" PRIMARY KEY ("account_id","platform","platform_id")
);

-- CreateTable
CREATE TABLE "commerce"."refunds" (
    "account_id" UUID NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "platform_id" TEXT COLLATE "C" NOT NULL,
    "order_id" TEXT COLLATE "C" NOT NULL,
    "status" TEXT,
    "reason" TEXT,
    "created_at" TIMESTAMPTZ,
    "currency" TEXT COLLATE "C",
    "amount_minor" BIGINT NOT NULL,
    "tax_minor" BIGINT,
    "raw" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ,
    "read_at" TIMESTAMPTZ NOT NULL,
    "deleted_at" TIMESTAMPTZ,
    "fingerprint" TEXT COLLATE "C" NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_in" BIGINT NOT NULL,

    CONSTRAINT "refunds_pkey" PRIMARY KEY ("account_id","platform","platform_id")
);

-- CreateTable
CREATE TABLE "commerce"."refund_lines" (
    "account_id" UUID NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "platform_id" TEXT COLLATE "C" NOT NULL,
    "refund_id" TEXT COLLATE "C" NOT NULL,
    "line_item_id" TEXT COLLATE "C",
    "quantity" INTEGER NOT NULL,
    "currency" TEXT COLLATE "C",
    "subtotal_minor" BIGINT,
    "tax_minor" BIGINT,
    "raw" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ,
    "read_at" TIMESTAMPTZ NOT NULL,
    "deleted_at" TIMESTAMPTZ,
    "fingerprint" TEXT COLLATE "C" NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_in" BIGINT NOT NULL,

    CONSTRAINT "refund_lines_pkey" PRIMARY KEY ("account_id","platform","platform_id")
);

-- CreateTable
CREATE TABLE "commerce"."payments" (
    "account_id" UUID NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "platform_id" TEXT COLLATE "C" NOT NULL,
    "order_id" TEXT COLLATE "C",
    "reason" TEXT,
    "kind" TEXT NOT NULL,
    "type" TEXT,
    "status" TEXT,
    "created_at" TIMESTAMPTZ,
    "currency" TEXT COLLATE "C",
    "amount_minor" BIGINT NOT NULL,
    "fee_minor" BIGINT NOT NULL DEFAULT 0,
    "reference_type" TEXT COLLATE "C",
    "reference_id" TEXT COLLATE "C",
    "raw" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ,
    "read_at" TIMESTAMPTZ NOT NULL,
    "deleted_at" TIMESTAMPTZ,
    "fingerprint" TEXT COLLATE "C" NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_in" BIGINT NOT NULL,

    CONSTRAINT "payments_pkey" PRIMARY KEY ("account_id","platform","platform_id")
);

-- CreateTable
CREATE TABLE "commerce"."listings" (
    "account_id" UUID NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "platform_id" TEXT COLLATE "C" NOT NULL,
    "title" TEXT,
    "status" TEXT,
    "url" TEXT,
    "created_at" TIMESTAMPTZ,
    "currency" TEXT COLLATE "C",
    "price_minor" BIGINT,
    "quantity" INTEGER,
    "variants" JSONB NOT NULL DEFAULT '[]',
    "raw" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ,
    "read_at" TIMESTAMPTZ NOT NULL,
    "deleted_at" TIMESTAMPTZ,
    "fingerprint" TEXT COLLATE "C" NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_in" BIGINT NOT NULL,

    CONSTRAINT "listings_pkey" PRIMARY KEY ("account_id","platform","platform_id")
);

-- CreateTable
CREATE TABLE "commerce"."customers" (
    "account_id" UUID NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "platform_id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT,
    "email" TEXT,
    "phone" TEXT,
    "city" TEXT,
    "country" TEXT,
    "created_at" TIMESTAMPTZ,
    "orders_count" INTEGER,
    "currency" TEXT COLLATE "C",
    "spent_minor" BIGINT,
    "raw" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ,
    "read_at" TIMESTAMPTZ NOT NULL,
    "deleted_at" TIMESTAMPTZ,
    "fingerprint" TEXT COLLATE "C" NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_in" BIGINT NOT NULL,

    CONSTRAINT "customers_pkey" PRIMARY KEY ("account_id","platform","platform_id")
);

-- CreateTable
CREATE TABLE "commerce"."printify_products" (
    "account_id" UUID NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "platform_id" TEXT COLLATE "C" NOT NULL,
    "title" TEXT,
    "blueprint_id" TEXT,
    "print_provider_id" TEXT,
    "print_provider" TEXT,
    "external_id" TEXT COLLATE "C",
    "is_visible" BOOLEAN,
    "created_at" TIMESTAMPTZ,
    "currency" TEXT COLLATE "C",
    "variants" JSONB NOT NULL DEFAULT '[]',
    "raw" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ,
    "read_at" TIMESTAMPTZ NOT NULL,
    "deleted_at" TIMESTAMPTZ,
    "fingerprint" TEXT COLLATE "C" NOT NULL,
    "stored_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_in" BIGINT NOT NULL,

    CONSTRAINT "printify_products_pkey" PRIMARY KEY ("account_id","platform","platform_id")
);

-- CreateTable
CREATE TABLE "commerce"."order_links" (
    "account_id" UUID NOT NULL,
    "order_id" TEXT COLLATE "C" NOT NULL,
    "shop_account_id" UUID,
    "shop_platform" TEXT COLLATE "C",
    "shop_order_id" TEXT COLLATE "C",
    "method" TEXT COLLATE "C" NOT NULL,
    "reason" TEXT,
    "is_reprint" BOOLEAN NOT NULL,
    "linked_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "order_links_pkey" PRIMARY KEY ("account_id","order_id")
);

-- CreateTable
CREATE TABLE "commerce"."changed_days" (
    "account_id" UUID NOT NULL,
    "day" DATE NOT NULL,
    "changes" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "changed_days_pkey" PRIMARY KEY ("account_id","day")
);

-- CreateTable
CREATE TABLE "commerce"."daily_financials" (
    "account_id" UUID NOT NULL,
    "day" DATE NOT NULL,
    "currency" TEXT COLLATE "C" NOT NULL,
    "orders" INTEGER NOT NULL DEFAULT 0,
    "revenue_minor" BIGINT NOT NULL DEFAULT 0,
    "tax_minor" BIGINT NOT NULL DEFAULT 0,
    "refunds_minor" BIGINT NOT NULL DEFAULT 0,
    "fees_minor" BIGINT NOT NULL DEFAULT 0,
    "cogs_minor" BIGINT NOT NULL DEFAULT 0,
    "reprints_minor" BIGINT NOT NULL DEFAULT 0,
    "profit_minor" BIGINT NOT NULL DEFAULT 0,
    "computed_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "daily_financials_pkey" PRIMARY KEY ("account_id","day","currency")
);

-- CreateTable
CREATE TABLE "commerce"."sync_jobs" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "user_id" TEXT COLLATE "C" NOT NULL,
    "account_id" UUID NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "entity" TEXT NOT NULL,
    "job_type" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "priority" INTEGER NOT NULL,
    "cursor" TEXT,
    "found" BIGINT NOT NULL DEFAULT 0,
    "expected" BIGINT,
    "reason" TEXT,
    "job_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ,
    "finished_at" TIMESTAMPTZ,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sync_jobs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "commerce"."bulk_operations" (
    "account_id" UUID NOT NULL,
    "operation_id" TEXT COLLATE "C" NOT NULL,
    "entity" TEXT NOT NULL,
    "window" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "error_code" TEXT,
    "object_count" BIGINT,
    "root_object_count" BIGINT,
    "file_size" BIGINT,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "bulk_operations_pkey" PRIMARY KEY ("account_id","operation_id")
);

-- CreateTable
CREATE TABLE "commerce"."bulk_lines" (
    "account_id" UUID NOT NULL,
    "operation_id" TEXT COLLATE "C" NOT NULL,
    "line" BIGINT NOT NULL,
    "object_id" TEXT COLLATE "C",
    "parent_id" TEXT COLLATE "C",
    "content" JSONB NOT NULL,

    CONSTRAINT "bulk_lines_pkey" PRIMARY KEY ("account_id","operation_id","line")
);

-- CreateTable
CREATE TABLE "commerce"."oauth_states" (
    "state_hash" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "platform" TEXT COLLATE "C" NOT NULL,
    "shop_id" TEXT COLLATE "C",
    "verifier" TEXT,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "oauth_states_pkey" PRIMARY KEY ("state_hash")
);

-- CreateIndex
CREATE UNIQUE INDEX "accounts_user_id_platform_shop_id_key" ON "commerce"."accounts"("user_id", "platform", "shop_id");

-- CreateIndex
CREATE INDEX "orders_account_id_created_at_idx" ON "commerce"."orders"("account_id", "created_at");

-- CreateIndex
CREATE INDEX "orders_account_id_number_idx" ON "commerce"."orders"("account_id", "number");

-- CreateIndex
CREATE INDEX "orders_account_id_customer_id_idx" ON "commerce"."orders"("account_id", "customer_id");

-- CreateIndex
CREATE INDEX "line_items_account_id_order_id_idx" ON "commerce"."line_items"("account_id", "order_id");

-- CreateIndex
CREATE INDEX "line_items_account_id_listing_id_idx" ON "commerce"."line_items"("account_id", "listing_id");

-- CreateIndex
CREATE INDEX "fulfillments_account_id_order_id_idx" ON "commerce"."fulfillments"("account_id", "order_id");

-- CreateIndex
CREATE INDEX "refunds_account_id_order_id_idx" ON "commerce"."refunds"("account_id", "order_id");

-- CreateIndex
CREATE INDEX "refunds_account_id_created_at_idx" ON "commerce"."refunds"("account_id", "created_at");

-- CreateIndex
CREATE INDEX "refund_lines_account_id_refund_id_idx" ON "commerce"."refund_lines"("account_id", "refund_id");

-- CreateIndex
CREATE INDEX "payments_account_id_order_id_idx" ON "commerce"."payments"("account_id", "order_id");

-- CreateIndex
CREATE INDEX "payments_account_id_created_at_idx" ON "commerce"."payments"("account_id", "created_at");

-- CreateIndex
CREATE INDEX "payments_account_id_reference_type_reference_id_idx" ON "commerce"."payments"("account_id", "reference_type", "reference_id");

-- CreateIndex
CREATE INDEX "listings_account_id_read_at_idx" ON "commerce"."listings"("account_id", "read_at");

-- CreateIndex
CREATE INDEX "printify_products_account_id_read_at_idx" ON "commerce"."printify_products"("account_id", "read_at");

-- CreateIndex
CREATE INDEX "order_links_shop_account_id_shop_platform_shop_order_id_idx" ON "commerce"."order_links"("shop_account_id", "shop_platform", "shop_order_id");

-- CreateIndex
CREATE INDEX "sync_jobs_user_id_created_at_idx" ON "commerce"."sync_jobs"("user_id", "created_at");

-- CreateIndex
CREATE INDEX "sync_jobs_account_id_entity_created_at_idx" ON "commerce"."sync_jobs"("account_id", "entity", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "sync_jobs_job_id_account_id_entity_key" ON "commerce"."sync_jobs"("job_id", "account_id", "entity");

-- CreateIndex
CREATE INDEX "bulk_operations_updated_at_idx" ON "commerce"."bulk_operations"("updated_at");

-- CreateIndex
CREATE INDEX "bulk_lines_account_id_operation_id_parent_id_line_idx" ON "commerce"."bulk_lines"("account_id", "operation_id", "parent_id", "line");

-- CreateIndex
CREATE INDEX "oauth_states_expires_at_idx" ON "commerce"."oauth_states"("expires_at");

-- Orders of Printify by what they name.
CREATE INDEX "orders_shop_order_id_idx" ON "commerce"."orders"("account_id", "shop_order_id") WHERE "shop_order_id" IS NOT NULL;
CREATE INDEX "orders_shop_order_label_idx" ON "commerce"."orders"("account_id", "shop_order_label") WHERE "shop_order_label" IS NOT NULL;
CREATE INDEX "orders_reprint_of_idx" ON "commerce"."orders"("account_id", "reprint_of") WHERE "reprint_of" IS NOT NULL;

-- What each order of a shop brought and cost. The margin is null where it is not known, and the reason says why.
CREATE VIEW "commerce"."order_margins" AS
SELECT o.account_id, o.platform, o.platform_id, o.number, o.created_at, o.currency,
       COALESCE(o.total_minor, 0) - COALESCE(o.tax_minor, 0) AS revenue_minor,
       refunds.minor AS refunds_minor, fees.minor AS fees_minor, costs.currency AS cost_currency,
       costs.minor AS cost_minor, costs.reprints_minor,
       CASE WHEN costs.links > 0 AND costs.currencies <= 1 AND (costs.currency IS NULL OR costs.currency = o.currency)
             AND refunds.is_same AND fees.is_same AND o.total_minor IS NOT NULL AND costs.unknown = 0
            THEN o.total_minor - COALESCE(o.tax_minor, 0) - refunds.minor - fees.minor - costs.minor - costs.reprints_minor END AS margin_minor,
       CASE WHEN o.total_minor IS NULL THEN 'total_unknown'
            WHEN costs.links = 0 THEN 'unlinked'
            WHEN costs.unknown > 0 THEN 'cost_unknown'
            WHEN costs.currencies > 1 OR costs.currency <> o.currency OR NOT refunds.is_same OR NOT fees.is_same THEN 'currencies_differ'
            END AS reason
  FROM commerce.orders o
  CROSS JOIN LATERAL (
    SELECT COALESCE(sum(r.amount_minor - COALESCE(r.tax_minor, 0)), 0)::bigint AS minor,
           COALESCE(bool_and(r.currency IS NOT DISTINCT FROM o.currency), true) AS is_same
      FROM commerce.refunds r
     WHERE r.account_id = o.account_id AND r.platform = o.platform AND r.order_id = o.platform_id AND r.deleted_at IS NULL
  ) refunds
  CROSS JOIN LATERAL (
    SELECT COALESCE(sum(p.fee_minor), 0)::bigint AS minor,
           COALESCE(bool_and(p.currency IS NOT DISTINCT FROM o.currency), true) AS is_same
      FROM commerce.payments p
     WHERE p.account_id = o.account_id AND p.platform = o.platform AND p.order_id = o.platform_id AND p.deleted_at IS NULL AND p.fee_minor <> 0
  ) fees
  CROSS JOIN LATERAL (
    SELECT count(*) AS links, count(*) FILTER (WHERE c.cost_minor IS NULL OR c.currency IS NULL) AS unknown,
           count(DISTINCT c.currency) AS currencies, min(c.currency) AS currency,
           COALESCE(sum(c.cost_minor) FILTER (WHERE NOT l.is_reprint), 0)::bigint AS minor,
           COALESCE(sum(c.cost_minor) FILTER (WHERE l.is_reprint), 0)::bigint AS reprints_minor
      FROM commerce.order_links l
      JOIN commerce.orders c ON c.account_id = l.account_id AND c.platform = 'printify' AND c.platform_id = l.order_id
     WHERE l.shop_account_id = o.account_id AND l.shop_platform = o.platform AND l.shop_order_id = o.platform_id
       AND NOT c.is_cancelled AND c.deleted_at IS NULL
  ) costs
 WHERE o.platform <> 'printify' AND o.deleted_at IS NULL;
