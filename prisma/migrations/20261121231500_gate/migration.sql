-- Rolling windows get a table of their own: arrays of sub-windows are read and written faster than JSON.
ALTER TABLE "backhaul"."gates" DROP COLUMN IF EXISTS "windows";
ALTER TABLE "backhaul"."gates" ADD COLUMN IF NOT EXISTS "booked" BIGINT[] DEFAULT ARRAY[]::BIGINT[];
ALTER TABLE "backhaul"."gates" ADD COLUMN IF NOT EXISTS "probe_until" TIMESTAMPTZ;

CREATE TABLE IF NOT EXISTS "backhaul"."gate_windows" (
    "gate" TEXT NOT NULL,
    "span" TEXT NOT NULL,
    "ends" BIGINT[],
    "used" INTEGER[],
    "backfill" INTEGER[],

    CONSTRAINT "gate_windows_pkey" PRIMARY KEY ("gate","span")
);

ALTER TABLE "backhaul"."gate_windows" DROP CONSTRAINT IF EXISTS "gate_windows_gate_fkey";
ALTER TABLE "backhaul"."gate_windows" ADD CONSTRAINT "gate_windows_gate_fkey"
  FOREIGN KEY ("gate") REFERENCES "backhaul"."gates"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- All arithmetic is in whole milliseconds since 1970 by this server's clock.

CREATE FUNCTION backhaul.gate_ms(t timestamptz) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT floor(extract(epoch FROM t) * 1000)::bigint $$;

CREATE FUNCTION backhaul.gate_time(ms bigint) RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT to_timestamp(ms / 1000.0) $$;

-- Requests leave within this long after their granted moment (ms) where a limit has a spacing.
CREATE FUNCTION backhaul.gate_delta() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 15 $$;

-- How far apart on the way two requests can drift (ms), for a window of `per` ms.
CREATE FUNCTION backhaul.gate_margin(per bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT least(1000, greatest(50, per / 100)) $$;

-- How long a grant counts against a window of `per` ms: the window, the way, and half the way for a late start.
CREATE FUNCTION backhaul.gate_reach(per bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT per + least(1000, greatest(50, per / 100)) * 3 / 2 $$;

-- The earliest moment at which `cost` more fits under `room`; 0 when it fits already. A sub-window counts whole until
-- `reach` after its end, and grants promised for later count from now on, so an answer stays right for every later moment.
CREATE FUNCTION backhaul.gate_fits(ends bigint[], used integer[], room integer, cost integer, reach bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  spare integer := room - cost;
BEGIN
  FOR i IN REVERSE coalesce(cardinality(ends), 0)..1 LOOP
    spare := spare - used[i];
    IF spare < 0 THEN RETURN ends[i] + reach; END IF;
  END LOOP;
  RETURN 0;
END $$;

-- Adds `cost` (of it `share` for a backfill) to the sub-window that holds `at` and drops what no window reaches any more.
CREATE FUNCTION backhaul.gate_add(gate_name text, span_name text, per bigint, at bigint, now_ms bigint, cost integer, share integer)
RETURNS backhaul.gate_windows LANGUAGE plpgsql AS $$
DECLARE
  sub bigint := (per + 59) / 60;
  w backhaul.gate_windows;
BEGIN
  INSERT INTO backhaul.gate_windows AS o (gate, span, ends, used, backfill)
  VALUES (gate_name, span_name, ARRAY[(at / sub + 1) * sub], ARRAY[cost], ARRAY[share])
  ON CONFLICT (gate, span) DO UPDATE SET (ends, used, backfill) = (
    SELECT array_agg(e ORDER BY e), array_agg(u ORDER BY e), array_agg(b ORDER BY e)
    FROM (
      SELECT e, sum(u)::integer AS u, sum(b)::integer AS b
      FROM (
        SELECT * FROM unnest(o.ends || excluded.ends, o.used || excluded.used, o.backfill || excluded.backfill) AS part(e, u, b)
        WHERE e > now_ms - backhaul.gate_reach(per)
      ) kept GROUP BY e
    ) merged
  )
  RETURNING * INTO w;
  RETURN w;
END $$;

-- Inserts the rows that are not there yet, in the order in which rows are locked.
CREATE FUNCTION backhaul.gate_make(names text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM backhaul.gates WHERE name = ANY (names)) < cardinality(names) THEN
    INSERT INTO backhaul.gates (name) SELECT n FROM unnest(names) n ORDER BY n ON CONFLICT DO NOTHING;
  END IF;
END $$;

-- Grants one request its moment on every limit named, or on none.
--   asks      {"<gate>": {"cost", "spacing", "spans": {"requests": [limit, ms], "day": [limit, ms]}, "share", "concurrent", "hold", "breaker"}}
--   class     `live` or `backfill`
--   slot      a moment promised earlier, or null
--   within    a moment further off than this (ms) is not granted now: a live request is promised it, a backfill asks again then
--   lead      the answer needs this long (ms) to reach the asker
-- The rows are locked in the order of their names, and the clock is read once they are.
CREATE FUNCTION backhaul.gate_acquire(asks jsonb, class text, id text, slot bigint, within integer, lead integer) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  promise_within constant integer := 600000;
  names text[] := array(SELECT jsonb_object_keys(asks));
  gates backhaul.gates[];
  g backhaul.gates;
  w backhaul.gate_windows;
  ask jsonb;
  span record;
  clock timestamptz;
  now_ms bigint;
  cost integer;
  share integer;
  honoured boolean;
  probe boolean := false;
  failing boolean := false;
  give boolean;
  at bigint;
  free bigint;
  useful bigint;
  next_ms bigint := 0;
  wait_until bigint;
  wait_on text;
  reason text;
  at_on text;
  at_reason text;
BEGIN
  PERFORM backhaul.gate_make(names);
  gates := array(SELECT t FROM backhaul.gates t WHERE t.name = ANY (names) ORDER BY t.name FOR UPDATE);
  clock := clock_timestamp();
  now_ms := backhaul.gate_ms(clock);
  at := now_ms + lead;

  honoured := slot IS NOT NULL AND now_ms <= slot + backhaul.gate_delta();
  IF honoured THEN
    FOREACH g IN ARRAY gates LOOP honoured := honoured AND slot = ANY (g.booked); END LOOP;
  END IF;

  FOREACH g IN ARRAY gates LOOP
    ask := asks -> g.name;
    cost := (ask ->> 'cost')::integer;
    IF g.blocked_until > clock AND g.blocked_until > coalesce(backhaul.gate_time(wait_until), clock) THEN
      wait_until := backhaul.gate_ms(g.blocked_until) + 1;
      wait_on := g.name;
      reason := coalesce(g.blocked_reason, 'blocked');
    END IF;
    IF (ask ->> 'breaker')::boolean THEN
      failing := g.failures > 0;
      IF g.failures >= 5 THEN
        IF g.open_until > clock OR g.probe_until > clock THEN
          free := backhaul.gate_ms(CASE WHEN g.open_until > clock THEN g.open_until ELSE least(g.probe_until, clock + interval '5 s') END) + 1;
          IF free > coalesce(wait_until, 0) THEN
            wait_until := free;
            wait_on := g.name;
            reason := 'breaker';
          END IF;
        ELSE
          probe := true;
        END IF;
      END IF;
    END IF;
    IF wait_until IS NULL AND ask ? 'concurrent' AND (ask ->> 'concurrent')::integer <=
      (SELECT count(*) FROM jsonb_each_text(g.holders) h WHERE h.value::bigint > now_ms) THEN
      wait_until := now_ms + 100;
      wait_on := g.name;
      reason := 'concurrent';
    END IF;
    CONTINUE WHEN honoured;
    IF ask ? 'spacing' AND g.next_at IS NOT NULL THEN
      free := backhaul.gate_ms(g.next_at);
      IF free > at THEN
        at := free;
        at_on := g.name;
        at_reason := 'spacing';
      END IF;
    END IF;
    FOR span IN SELECT s.key AS name, (s.value ->> 0)::integer AS room, (s.value ->> 1)::bigint AS per FROM jsonb_each(ask -> 'spans') s LOOP
      SELECT * INTO w FROM backhaul.gate_windows o WHERE o.gate = g.name AND o.span = span.name;
      CONTINUE WHEN NOT FOUND;
      free := backhaul.gate_fits(w.ends, w.used, span.room, cost, backhaul.gate_reach(span.per));
      IF class = 'backfill' AND ask ? 'share' THEN
        share := greatest(floor(span.room * (ask ->> 'share')::float8)::integer, cost);
        free := greatest(free, backhaul.gate_fits(w.ends, w.backfill, share, cost, backhaul.gate_reach(span.per)));
      END IF;
      IF free > at THEN
        at := free;
        at_on := g.name;
        at_reason := span.name;
      END IF;
    END LOOP;
  END LOOP;

  IF honoured THEN at := slot; END IF;
  give := wait_until IS NULL AND at <= now_ms + within;
  IF wait_until IS NULL OR (at > wait_until AND NOT honoured) THEN
    wait_on := at_on;
    reason := at_reason;
  END IF;
  IF NOT give AND (wait_until IS NOT NULL OR class <> 'live' OR probe OR at > now_ms + promise_within) THEN
    -- Nothing is booked, so nothing need be on disk before the answer.
    PERFORM set_config('synchronous_commit', 'off', true);
    IF reason <> 'concurrent' THEN
      UPDATE backhaul.gates SET throttled = throttled + 1 WHERE name = wait_on;
    END IF;
    RETURN jsonb_build_object('granted', false, 'now', extract(epoch FROM clock) * 1000, 'retryAt', greatest(wait_until, at),
      'nextAt', greatest(wait_until, at), 'on', wait_on, 'reason', reason);
  END IF;

  PERFORM set_config('synchronous_commit', 'on', true);
  FOREACH g IN ARRAY gates LOOP
    ask := asks -> g.name;
    cost := (ask ->> 'cost')::integer;
    IF ask ? 'spacing' THEN
      IF NOT honoured THEN
        g.next_at := backhaul.gate_time(at + (ask ->> 'spacing')::integer + backhaul.gate_delta());
      END IF;
      next_ms := greatest(next_ms, backhaul.gate_ms(g.next_at));
      useful := least(useful, at + backhaul.gate_delta());
    END IF;
    FOR span IN SELECT s.key AS name, (s.value ->> 0)::integer AS room, (s.value ->> 1)::bigint AS per FROM jsonb_each(ask -> 'spans') s LOOP
      IF honoured THEN
        SELECT * INTO w FROM backhaul.gate_windows o WHERE o.gate = g.name AND o.span = span.name;
      ELSE
        w := backhaul.gate_add(g.name, span.name, span.per, at, now_ms, cost, CASE class WHEN 'backfill' THEN cost ELSE 0 END);
      END IF;
      next_ms := greatest(next_ms, backhaul.gate_fits(w.ends, w.used, span.room, cost, backhaul.gate_reach(span.per)));
      IF class = 'backfill' AND ask ? 'share' THEN
        share := greatest(floor(span.room * (ask ->> 'share')::float8)::integer, cost);
        next_ms := greatest(next_ms, backhaul.gate_fits(w.ends, w.backfill, share, cost, backhaul.gate_reach(span.per)));
      END IF;
      useful := least(useful, at + backhaul.gate_margin(span.per) / 2);
    END LOOP;
    IF honoured AND give THEN
      g.booked := g.booked[:array_position(g.booked, slot) - 1] || g.booked[array_position(g.booked, slot) + 1:];
    ELSIF NOT give AND NOT honoured THEN
      g.booked := array(SELECT b FROM unnest(g.booked) b WHERE b >= now_ms - backhaul.gate_delta()) || at;
    END IF;
    IF give AND ask ? 'concurrent' THEN
      g.holders := (SELECT coalesce(jsonb_object_agg(h.key, h.value), '{}') FROM jsonb_each(g.holders) h WHERE (h.value #>> '{}')::bigint > now_ms)
        || jsonb_build_object(id, at + (ask ->> 'hold')::integer);
    END IF;
    IF give AND probe AND (ask ->> 'breaker')::boolean THEN
      g.probe_until := backhaul.gate_time(at + (ask ->> 'hold')::integer);
    END IF;
    UPDATE backhaul.gates SET next_at = g.next_at, booked = g.booked, holders = g.holders, probe_until = g.probe_until, updated_at = clock,
      granted = granted + CASE WHEN give THEN 1 ELSE 0 END, throttled = throttled + CASE WHEN give THEN 0 ELSE 1 END
    WHERE name = g.name;
  END LOOP;
  RETURN jsonb_build_object('granted', give, 'at', at, 'until', useful, 'now', extract(epoch FROM clock) * 1000, 'retryAt', at,
    'nextAt', greatest(next_ms, at), 'on', wait_on, 'reason', reason, 'probe', probe, 'failing', failing,
    'slot', CASE WHEN NOT give THEN at END);
END $$;

-- Writes down what became of a grant.
--   asks   {"<gate>": {"cost", "real", "spacing", "spans", "unused", "left", "outcome": "ok" | "failed", "probe", "block", "blockReason", "remaining"}}
--          `real` replaces `cost`; `unused` gives the moment back if nobody has booked behind it; `left` is when (ms) the request
--          really left, if that was later than it was granted: the next one keeps its distance from then; `block` is a moment (ms) until which
--          nothing is granted; `remaining` is what the upstream says is left of `requests`.
-- Returns the moment (ms) until which the gates hold requests back, or null.
CREATE FUNCTION backhaul.gate_settle(asks jsonb, class text, id text, at bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  names text[] := array(SELECT jsonb_object_keys(asks));
  gates backhaul.gates[];
  g backhaul.gates;
  w backhaul.gate_windows;
  ask jsonb;
  span record;
  clock timestamptz;
  now_ms bigint;
  i integer;
  sub bigint;
  diff integer;
  held bigint;
BEGIN
  PERFORM set_config('synchronous_commit', 'on', true);
  PERFORM backhaul.gate_make(names);
  gates := array(SELECT t FROM backhaul.gates t WHERE t.name = ANY (names) ORDER BY t.name FOR UPDATE);
  clock := clock_timestamp();
  now_ms := backhaul.gate_ms(clock);
  FOREACH g IN ARRAY gates LOOP
    ask := asks -> g.name;
    diff := (ask ->> 'cost')::integer - (ask ->> 'real')::integer;
    IF (ask ->> 'unused')::boolean AND ask ? 'spacing'
      AND g.next_at = backhaul.gate_time(at + (ask ->> 'spacing')::integer + backhaul.gate_delta()) THEN
      g.next_at := backhaul.gate_time(at);
    END IF;
    IF ask ? 'left' THEN
      g.next_at := greatest(g.next_at, backhaul.gate_time((ask ->> 'left')::bigint + (ask ->> 'spacing')::integer));
    END IF;
    FOR span IN SELECT s.key AS name, (s.value ->> 0)::integer AS room, (s.value ->> 1)::bigint AS per FROM jsonb_each(ask -> 'spans') s LOOP
      SELECT * INTO w FROM backhaul.gate_windows o WHERE o.gate = g.name AND o.span = span.name;
      CONTINUE WHEN NOT FOUND;
      sub := (span.per + 59) / 60;
      i := (SELECT p FROM generate_subscripts(w.ends, 1) p WHERE w.ends[p] = (at / sub + 1) * sub);
      IF diff <> 0 AND i IS NOT NULL THEN
        UPDATE backhaul.gate_windows o SET used[i] = greatest(0, w.used[i] - diff),
          backfill[i] = CASE class WHEN 'backfill' THEN greatest(0, w.backfill[i] - diff) ELSE w.backfill[i] END
        WHERE o.gate = g.name AND o.span = span.name RETURNING * INTO w;
      END IF;
      IF span.name = 'requests' AND ask ? 'remaining' THEN
        diff := span.room - (ask ->> 'remaining')::integer
          - (SELECT coalesce(sum(u), 0) FROM unnest(w.ends, w.used) AS part(e, u) WHERE e > now_ms - backhaul.gate_reach(span.per));
        IF diff > 0 THEN
          PERFORM backhaul.gate_add(g.name, span.name, span.per, now_ms, now_ms, diff, 0);
        END IF;
      END IF;
    END LOOP;
    IF backhaul.gate_time((ask ->> 'block')::bigint) > coalesce(g.blocked_until, clock) THEN
      g.blocked_until := backhaul.gate_time((ask ->> 'block')::bigint);
      g.blocked_reason := ask ->> 'blockReason';
    END IF;
    IF ask ->> 'outcome' = 'ok' THEN
      g.failures := 0;
      g.open_until := NULL;
      g.probe_until := NULL;
    ELSIF ask ->> 'outcome' = 'failed' THEN
      -- While the breaker is open or probing, only the probe tells anything new.
      IF g.failures < 5 OR (ask ->> 'probe')::boolean THEN
        g.failures := g.failures + 1;
        g.probe_until := NULL;
        IF g.failures >= 5 THEN
          g.open_until := clock + least(60000, 5000 * 2 ^ least(10, g.failures - 5)) * interval '1 ms';
        END IF;
      END IF;
    ELSIF (ask ->> 'probe')::boolean THEN
      g.probe_until := NULL;
    END IF;
    UPDATE backhaul.gates SET next_at = g.next_at, holders = g.holders - id, blocked_until = g.blocked_until, blocked_reason = g.blocked_reason,
      failures = g.failures, open_until = g.open_until, probe_until = g.probe_until, updated_at = clock,
      granted = granted - CASE WHEN (ask ->> 'unused')::boolean THEN 1 ELSE 0 END
    WHERE name = g.name;
    held := greatest(held, backhaul.gate_ms(CASE WHEN g.blocked_until > clock THEN g.blocked_until END),
      backhaul.gate_ms(CASE WHEN g.open_until > clock THEN g.open_until END));
  END LOOP;
  RETURN held;
END $$;
