-- Amounts in several currencies are not added, and an order whose Printify orders were all cancelled is known to cost nothing.
CREATE OR REPLACE VIEW "commerce"."order_margins" AS
SELECT o.account_id, o.platform, o.platform_id, o.number, o.created_at, o.currency,
       COALESCE(o.total_minor, 0) - COALESCE(o.tax_minor, 0) AS revenue_minor,
       refunds.minor AS refunds_minor, fees.minor AS fees_minor, costs.currency AS cost_currency,
       costs.minor AS cost_minor, costs.reprints_minor,
       CASE WHEN costs.links > 0 AND costs.unknown = 0 AND (costs.currency IS NULL OR costs.currency = o.currency)
            THEN o.total_minor - COALESCE(o.tax_minor, 0) - refunds.minor - fees.minor - costs.minor - costs.reprints_minor END AS margin_minor,
       CASE WHEN o.total_minor IS NULL THEN 'total_unknown'
            WHEN costs.links = 0 THEN 'unlinked'
            WHEN costs.unknown > 0 THEN 'cost_unknown'
            WHEN refunds.minor IS NULL OR fees.minor IS NULL OR costs.minor IS NULL
              OR costs.currency IS NOT NULL AND costs.currency IS DISTINCT FROM o.currency THEN 'currencies_differ'
            END AS reason
  FROM commerce.orders o
  CROSS JOIN LATERAL (
    SELECT CASE WHEN COALESCE(bool_and(r.currency IS NOT DISTINCT FROM o.currency), true)
                THEN COALESCE(sum(r.amount_minor - COALESCE(r.tax_minor, 0)), 0)::bigint END AS minor
      FROM commerce.refunds r
     WHERE r.account_id = o.account_id AND r.platform = o.platform AND r.order_id = o.platform_id AND r.deleted_at IS NULL
  ) refunds
  CROSS JOIN LATERAL (
    SELECT CASE WHEN COALESCE(bool_and(p.currency IS NOT DISTINCT FROM o.currency), true) THEN COALESCE(sum(p.fee_minor), 0)::bigint END AS minor
      FROM commerce.payments p
     WHERE p.account_id = o.account_id AND p.platform = o.platform AND p.order_id = o.platform_id AND p.deleted_at IS NULL AND p.fee_minor <> 0
  ) fees
  CROSS JOIN LATERAL (
    SELECT count(*) AS links,
           count(*) FILTER (WHERE made.cost_minor IS NULL OR made.cost_minor <> 0 AND made.currency IS NULL) AS unknown,
           CASE WHEN count(DISTINCT made.currency) = 1 THEN min(made.currency) END AS currency,
           CASE WHEN count(DISTINCT made.currency) <= 1
                THEN COALESCE(sum(made.cost_minor) FILTER (WHERE NOT made.is_reprint), 0)::bigint END AS minor,
           CASE WHEN count(DISTINCT made.currency) <= 1
                THEN COALESCE(sum(made.cost_minor) FILTER (WHERE made.is_reprint), 0)::bigint END AS reprints_minor
      FROM (SELECT l.is_reprint, CASE WHEN c.is_cancelled THEN 0 ELSE c.cost_minor END AS cost_minor,
                   CASE WHEN NOT c.is_cancelled THEN c.currency END AS currency
              FROM commerce.order_links l
              JOIN commerce.orders c ON c.account_id = l.account_id AND c.platform = 'printify' AND c.platform_id = l.order_id
             WHERE l.shop_account_id = o.account_id AND l.shop_platform = o.platform AND l.shop_order_id = o.platform_id
               AND c.deleted_at IS NULL) made
  ) costs
 WHERE o.platform <> 'printify' AND o.deleted_at IS NULL;
