-- A sync compares how many cancelled orders are held with what Etsy counts.
CREATE INDEX "orders_cancelled_idx" ON "commerce"."orders"("account_id", "created_at") WHERE "is_cancelled";
