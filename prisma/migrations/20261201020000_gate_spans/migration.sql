-- A limit may state the share of backfills for each of its windows, and the upstream what it allows and what is left in each of them.
ALTER TABLE "backhaul"."gates" ADD COLUMN "learned" JSONB;
ALTER TABLE "backhaul"."gate_windows" ADD COLUMN "others" INTEGER[] DEFAULT ARRAY[]::INTEGER[];
UPDATE "backhaul"."gate_windows" SET "others" = array_fill(0, ARRAY[cardinality("ends")]);

-- The windows of one limit.
--   spans     {"requests": [limit, ms, share of backfills or null, whether the limit stays as stated], "day": [...]}
--   learned   the limits that the upstream reported, by window: {"day": 5000}
CREATE FUNCTION backhaul.gate_spans(spans jsonb, learned jsonb) RETURNS TABLE (name text, room integer, per bigint, share integer)
LANGUAGE sql IMMUTABLE AS $$
  SELECT s.key, r.room, (s.value ->> 1)::bigint, floor(r.room * (s.value ->> 2)::float8)::integer
    FROM jsonb_each(spans) s, LATERAL (
      SELECT CASE WHEN (s.value ->> 3)::boolean THEN (s.value ->> 0)::integer
                  ELSE coalesce((learned ->> s.key)::integer, (s.value ->> 0)::integer) END AS room
    ) r
$$;

DROP FUNCTION backhaul.gate_add(text, text, bigint, bigint, bigint, integer, integer);

-- Adds `cost` to the sub-window that holds `at`, and drops what no window reaches any more. `share` is how much of it a backfill uses,
-- `beside` how much of it others use, who have the same key. The caller has locked the gate's row, so nobody else writes its windows.
CREATE FUNCTION backhaul.gate_add(gate_name text, span_name text, per bigint, at bigint, now_ms bigint, cost integer, share integer,
  beside integer DEFAULT 0) RETURNS backhaul.gate_windows LANGUAGE plpgsql AS $$
DECLARE
  sub bigint := (per + 59) / 60;
  sub_end bigint := (at / sub + 1) * sub;
  w backhaul.gate_windows;
  i integer;
BEGIN
  SELECT * INTO w FROM backhaul.gate_windows o WHERE o.gate = gate_name AND o.span = span_name;
  IF NOT FOUND THEN
    INSERT INTO backhaul.gate_windows (gate, span, ends, used, backfill, others)
    VALUES (gate_name, span_name, ARRAY[sub_end], ARRAY[cost], ARRAY[share], ARRAY[beside]) RETURNING * INTO w;
    RETURN w;
  END IF;
  i := array_position(w.ends, sub_end);
  IF i IS NOT NULL AND w.ends[1] > now_ms - backhaul.gate_reach(per) THEN
    UPDATE backhaul.gate_windows o SET used[i] = w.used[i] + cost, backfill[i] = w.backfill[i] + share, others[i] = w.others[i] + beside
    WHERE o.gate = gate_name AND o.span = span_name RETURNING * INTO w;
    RETURN w;
  END IF;
  UPDATE backhaul.gate_windows o SET (ends, used, backfill, others) = (
    SELECT array_agg(e ORDER BY e), array_agg(u ORDER BY e), array_agg(b ORDER BY e), array_agg(x ORDER BY e)
    FROM (
      SELECT e, sum(u)::integer AS u, sum(b)::integer AS b, sum(x)::integer AS x
      FROM (
        SELECT * FROM unnest(o.ends || sub_end, o.used || cost, o.backfill || share, o.others || beside) AS part(e, u, b, x)
        WHERE e > now_ms - backhaul.gate_reach(per)
      ) kept GROUP BY e
    ) merged
  ) WHERE o.gate = gate_name AND o.span = span_name RETURNING * INTO w;
  RETURN w;
END $$;

-- Makes a window agree with the upstream, which counts `told` tokens as used. What it counts besides our grants belongs to others who
-- have the same key, and counts from now on, because nobody knows how old it is. Where the upstream counts less of a day than we do,
-- the part of others is reduced, the oldest first: it would count for a day too long. The upstream may not have counted the requests in
-- flight yet, so some of that part stays. The other window is short, and forgets by itself.
CREATE FUNCTION backhaul.gate_correct(w backhaul.gate_windows, told integer, room integer, per bigint, now_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  total integer := (SELECT coalesce(sum(u), 0) FROM unnest(w.ends, w.used) AS part(e, u) WHERE e > now_ms - backhaul.gate_reach(per));
  excess integer := total - told - greatest(10, room / 100);
  less integer;
BEGIN
  IF told > total THEN
    PERFORM backhaul.gate_add(w.gate, w.span, per, now_ms, now_ms, told - total, 0, told - total);
  ELSIF w.span = 'day' AND excess > 0 AND 0 < ANY (w.others) THEN
    FOR i IN 1..cardinality(w.ends) LOOP
      CONTINUE WHEN w.ends[i] <= now_ms - backhaul.gate_reach(per);
      less := least(excess, w.others[i]);
      w.others[i] := w.others[i] - less;
      w.used[i] := w.used[i] - less;
      excess := excess - less;
    END LOOP;
    UPDATE backhaul.gate_windows o SET used = w.used, others = w.others WHERE o.gate = w.gate AND o.span = w.span;
  END IF;
END $$;

-- Grants one request its slot on every limit named, or on none.
--   asks      {"<gate>": {"cost", "spacing", "spans", "concurrent", "hold", "breaker", "pace"}}; spans as in gate_spans
--   class     `live` or `backfill`
--   slot      a slot promised earlier, or null
--   within    a slot further off than this (ms) is not granted now: a live request is promised it, a backfill asks again then
--   lead      how long (ms) the answer takes to arrive
--   ended     ids of requests on these gates that have succeeded since: their places are released first
-- The rows are locked in the order of their names, and the clock is read once they are.
-- A row with `pace` belongs to one job. No slot is reserved in advance because of it, because every other job would wait until then too.
CREATE OR REPLACE FUNCTION backhaul.gate_acquire(asks jsonb, class text, id text, slot bigint, within integer, lead integer,
  ended text[] DEFAULT '{}') RETURNS jsonb
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
  pace_ms bigint;
  pace_on text;
BEGIN
  LOOP
    PERFORM backhaul.gate_make(names);
    gates := array(SELECT t FROM backhaul.gates t WHERE t.name = ANY (names) ORDER BY t.name FOR UPDATE);
    -- One of them may have expired in between.
    EXIT WHEN cardinality(gates) = cardinality(names);
  END LOOP;
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
      (SELECT count(*) FROM jsonb_each_text(g.holders - ended) h WHERE h.value::bigint > now_ms) THEN
      wait_until := now_ms + 100;
      wait_on := g.name;
      reason := 'concurrent';
    END IF;
    CONTINUE WHEN honoured;
    IF ask ? 'spacing' AND g.next_at IS NOT NULL THEN
      free := backhaul.gate_ms(g.next_at);
      IF (ask ->> 'pace')::boolean THEN
        pace_ms := free;
        pace_on := g.name;
      ELSIF free > at THEN
        at := free;
        at_on := g.name;
        at_reason := 'spacing';
      END IF;
    END IF;
    FOR span IN SELECT * FROM backhaul.gate_spans(ask -> 'spans', g.learned) LOOP
      SELECT * INTO w FROM backhaul.gate_windows o WHERE o.gate = g.name AND o.span = span.name;
      CONTINUE WHEN NOT FOUND;
      free := backhaul.gate_fits(w.ends, w.used, span.room, cost, backhaul.gate_reach(span.per));
      IF class = 'backfill' AND span.share IS NOT NULL THEN
        share := greatest(span.share, cost);
        free := greatest(free, backhaul.gate_fits(w.ends, w.backfill, share, cost, backhaul.gate_reach(span.per)));
      END IF;
      IF free > at THEN
        at := free;
        at_on := g.name;
        at_reason := span.name;
      END IF;
    END LOOP;
  END LOOP;

  IF honoured THEN
    at := slot;
  ELSIF wait_until IS NULL AND pace_ms > at THEN
    wait_until := pace_ms;
    wait_on := pace_on;
    reason := 'pace';
  END IF;
  give := wait_until IS NULL AND at <= now_ms + within;
  IF wait_until IS NULL OR (at > wait_until AND NOT honoured) THEN
    wait_on := at_on;
    reason := at_reason;
  END IF;
  IF NOT give AND (wait_until IS NOT NULL OR class <> 'live' OR probe OR at > now_ms + promise_within) THEN
    -- Nothing is reserved, so nothing needs to be on disk before the answer.
    PERFORM set_config('synchronous_commit', 'off', true);
    IF ended <> '{}' THEN
      UPDATE backhaul.gates SET holders = holders - ended WHERE name = ANY (names);
    END IF;
    IF reason NOT IN ('concurrent', 'pace') THEN
      UPDATE backhaul.gates SET waits = waits + 1 WHERE name = wait_on;
    END IF;
    RETURN jsonb_build_object('granted', false, 'now', extract(epoch FROM clock) * 1000, 'retryAt', greatest(wait_until, at),
      'nextAt', greatest(wait_until, at), 'on', wait_on, 'reason', reason);
  END IF;

  PERFORM set_config('synchronous_commit', 'on', true);
  FOREACH g IN ARRAY gates LOOP
    ask := asks -> g.name;
    cost := (ask ->> 'cost')::integer;
    g.holders := g.holders - ended;
    IF ask ? 'spacing' THEN
      IF NOT honoured THEN
        g.next_at := backhaul.gate_time(at + (ask ->> 'spacing')::integer + backhaul.gate_delta());
      END IF;
      next_ms := greatest(next_ms, backhaul.gate_ms(g.next_at));
      useful := least(useful, at + backhaul.gate_delta());
    END IF;
    FOR span IN SELECT * FROM backhaul.gate_spans(ask -> 'spans', g.learned) LOOP
      IF honoured THEN
        SELECT * INTO w FROM backhaul.gate_windows o WHERE o.gate = g.name AND o.span = span.name;
      ELSE
        w := backhaul.gate_add(g.name, span.name, span.per, at, now_ms, cost, CASE class WHEN 'backfill' THEN cost ELSE 0 END);
      END IF;
      next_ms := greatest(next_ms, backhaul.gate_fits(w.ends, w.used, span.room, cost, backhaul.gate_reach(span.per)));
      IF class = 'backfill' AND span.share IS NOT NULL THEN
        share := greatest(span.share, cost);
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
      granted = granted + CASE WHEN give THEN 1 ELSE 0 END, waits = waits + CASE WHEN give THEN 0 ELSE 1 END
    WHERE name = g.name;
  END LOOP;
  RETURN jsonb_build_object('granted', give, 'at', at, 'until', useful, 'now', extract(epoch FROM clock) * 1000, 'retryAt', at,
    'nextAt', greatest(next_ms, at), 'on', wait_on, 'reason', reason, 'probe', probe, 'failing', failing,
    'slot', CASE WHEN NOT give THEN at END);
END $$;

-- Writes the outcome of a grant.
--   asks   {"<gate>": {"cost", "real", "spacing", "spans", "unused", "left", "outcome": "ok" | "failed", "probe", "throttled", "block",
--          "blockReason", "remaining", "limits"}}
--          `real` replaces `cost`; `unused` releases the slot if no later one is reserved; `left` is when (ms) the request was really
--          sent, if that was later than granted: the next one keeps its distance from then; `block` is the time (ms) until which
--          nothing is granted; `remaining` and `limits` are what the upstream says is left and allowed, by window: {"day": 4800}.
-- Returns until when (ms) the gates delay requests, or null.
CREATE OR REPLACE FUNCTION backhaul.gate_settle(asks jsonb, class text, id text, at bigint) RETURNS bigint LANGUAGE plpgsql AS $$
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
    g.learned := coalesce(g.learned || (ask -> 'limits'), ask -> 'limits', g.learned);
    diff := (ask ->> 'cost')::integer - (ask ->> 'real')::integer;
    IF (ask ->> 'unused')::boolean AND ask ? 'spacing'
      AND g.next_at = backhaul.gate_time(at + (ask ->> 'spacing')::integer + backhaul.gate_delta()) THEN
      g.next_at := backhaul.gate_time(at);
    END IF;
    IF ask ? 'left' THEN
      g.next_at := greatest(g.next_at, backhaul.gate_time((ask ->> 'left')::bigint + (ask ->> 'spacing')::integer));
    END IF;
    FOR span IN SELECT * FROM backhaul.gate_spans(ask -> 'spans', g.learned) LOOP
      SELECT * INTO w FROM backhaul.gate_windows o WHERE o.gate = g.name AND o.span = span.name;
      CONTINUE WHEN NOT FOUND;
      sub := (span.per + 59) / 60;
      i := (SELECT p FROM generate_subscripts(w.ends, 1) p WHERE w.ends[p] = (at / sub + 1) * sub);
      IF diff <> 0 AND i IS NOT NULL THEN
        UPDATE backhaul.gate_windows o SET used[i] = greatest(0, w.used[i] - diff),
          backfill[i] = CASE class WHEN 'backfill' THEN greatest(0, w.backfill[i] - diff) ELSE w.backfill[i] END
        WHERE o.gate = g.name AND o.span = span.name RETURNING * INTO w;
      END IF;
      IF (ask -> 'remaining') ? span.name THEN
        PERFORM backhaul.gate_correct(w, span.room - (ask -> 'remaining' ->> span.name)::integer, span.room, span.per, now_ms);
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
      failures = g.failures, open_until = g.open_until, probe_until = g.probe_until, learned = g.learned, updated_at = clock,
      throttled = throttled + CASE WHEN (ask ->> 'throttled')::boolean THEN 1 ELSE 0 END,
      granted = granted - CASE WHEN (ask ->> 'unused')::boolean THEN 1 ELSE 0 END
    WHERE name = g.name;
    held := greatest(held, backhaul.gate_ms(CASE WHEN g.blocked_until > clock THEN g.blocked_until END),
      backhaul.gate_ms(CASE WHEN g.open_until > clock THEN g.open_until END));
  END LOOP;
  RETURN held;
END $$;
