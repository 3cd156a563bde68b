-- Entries of the ledger that wait for the line of an order.
CREATE INDEX "payments_open_lines_idx" ON "commerce"."payments"("account_id", "platform_id") WHERE "reason" = 'transaction_not_read';
