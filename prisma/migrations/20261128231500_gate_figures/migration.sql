-- Two figures: `waits` counts requests that our own limits told to come later, `throttled` answers by which an upstream refused one.
-- What was counted until now was the first kind.
ALTER TABLE "backhaul"."gates" RENAME COLUMN "throttled" TO "waits";
ALTER TABLE "backhaul"."gates" ADD COLUMN "throttled" BIGINT NOT NULL DEFAULT 0;

-- The functions are otherwise as they are: the first counts waits, the second what the upstream refused.
DO $$
DECLARE
  acquire text := pg_get_functiondef('backhaul.gate_acquire(jsonb, text, text, bigint, integer, integer)'::regprocedure);
  settle text := pg_get_functiondef('backhaul.gate_settle(jsonb, text, text, bigint)'::regprocedure);
BEGIN
  EXECUTE replace(acquire, 'throttled = throttled +', 'waits = waits +');
  EXECUTE replace(settle, 'granted = granted - CASE',
    'throttled = throttled + CASE WHEN (ask ->> ''throttled'')::boolean THEN 1 ELSE 0 END, granted = granted - CASE');
END $$;

-- Counters of the processes: who said wait is a counter of its own now.
UPDATE "backhaul"."counters" SET "name" = 'backhaul_waits_total'
 WHERE "name" = 'backhaul_throttles_total' AND "labels"::jsonb ->> 'by' IN ('gate', 'process');
INSERT INTO "backhaul"."counters" ("name", "labels", "value")
SELECT "name", '{"api":' || to_jsonb("labels"::jsonb ->> 'api')::text || '}', sum("value") FROM "backhaul"."counters"
 WHERE "name" = 'backhaul_throttles_total' AND "labels"::jsonb ->> 'by' = 'upstream' GROUP BY 1, 2;
DELETE FROM "backhaul"."counters" WHERE "name" = 'backhaul_throttles_total' AND "labels"::jsonb ? 'by';

-- Gates are ready, blocked or tripped; the alert has that word too.
UPDATE "backhaul"."alerts" SET "kind" = 'breaker_tripped' WHERE "kind" = 'breaker_open';
UPDATE "backhaul"."webhooks" SET "events" = ARRAY(
  SELECT replace(e.event, 'alert.breaker_open', 'alert.breaker_tripped') FROM unnest("events") WITH ORDINALITY AS e(event, place) ORDER BY e.place)
 WHERE array_to_string("events", ' ') LIKE '%alert.breaker_open%';
