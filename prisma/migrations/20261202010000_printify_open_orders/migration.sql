-- A sync reads the orders of Printify again that may still change, however many are done.
CREATE INDEX "orders_open" ON "commerce"."orders"("account_id", "platform_id")
  WHERE "platform" = 'printify' AND "deleted_at" IS NULL AND ("status" IS NULL OR "status" NOT IN ('fulfilled', 'canceled', 'cancelled'));
