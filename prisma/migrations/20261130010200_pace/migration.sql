-- A job may ask an API less often than its limit allows: beside the row of the API stands one of the job.
ALTER TABLE "backhaul"."jobs" ADD COLUMN "pace" JSONB;

-- Grants one request its moment on every limit named, or on none.
--   asks      {"<gate>": {"cost", "spacing", "spans": {"requests": [limit, ms], "day": [limit, ms]}, "share", "concurrent", "hold", "breaker", "pace"}}
--   class     `live` or `backfill`
--   slot      a moment promised earlier, or null
--   within    a moment further off than this (ms) is not granted now: a live request is promised it, a backfill asks again then
--   lead      the answer needs this long (ms) to reach the asker
--   ended     ids of requests on these gates that ended well since: they give their places back first
-- The rows are locked in the order of their names, and the clock is read once they are.
-- A row with `pace` is one job's. No moment is booked ahead because of it, for every other job would wait until then as well.
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
    -- Nothing is booked, so nothing need be on disk before the answer.
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
      granted = granted + CASE WHEN give THEN 1 ELSE 0 END, waits = waits + CASE WHEN give THEN 0 ELSE 1 END
    WHERE name = g.name;
  END LOOP;
  RETURN jsonb_build_object('granted', give, 'at', at, 'until', useful, 'now', extract(epoch FROM clock) * 1000, 'retryAt', at,
    'nextAt', greatest(next_ms, at), 'on', wait_on, 'reason', reason, 'probe', probe, 'failing', failing,
    'slot', CASE WHEN NOT give THEN at END);
END $$;
