import { Refused, Throttled } from '../base/errors'
import type { Reader } from '../base/sql'
import type { RequestClass, Span } from '../contract'
import { PACE_ROWS, type RowAsk } from './asks'
import type { Clock } from './clock'
import type { Learned } from './limits'

/** What `backhaul.gate_acquire` returns; times in ms since 1970 by the database's clock. */
export interface Decision {
  granted: boolean
  /** The granted slot, and until when it is valid (absent: without end). */
  at: number
  until: number | null
  now: number
  retryAt: number
  nextAt: number
  on: string | null
  reason: string | null
  probe: boolean
  failing: boolean
  /** A slot promised to a live request, which must ask again for it. */
  slot?: number | null
}

/** What `backhaul.gate_acquire` takes. */
export interface Question {
  rows: ReadonlyMap<string, RowAsk>
  class: RequestClass
  id: string
  /** A slot promised earlier. */
  slot: number | null
  /** A slot further off than this is not granted now, ms. */
  within: number
  /** How long the reply takes to arrive, ms. */
  lead: number
  /** Requests on these gates that have succeeded since. */
  ended?: readonly string[]
}

/** What `backhaul.gate_settle` takes for one row. */
export interface RowOutcome extends Partial<Pick<RowAsk, 'cost' | 'spacing' | 'spans'>> {
  real?: number
  unused?: boolean
  left?: number
  outcome?: 'ok' | 'failed'
  probe?: boolean
  block?: number
  blockReason?: string
  remaining?: Partial<Record<Span, number>>
  limits?: Learned
  throttled?: true
}

export interface GateRow {
  name: string
  nextAt: Date | null
  blockedUntil: Date | null
  blockedReason: string | null
  failures: number
  /** Until when its breaker lets nothing through except its probe. */
  trippedUntil: Date | null
  inFlight: number
  /** Tokens that count against each rolling window now. */
  used: Partial<Record<Span, number>>
  /** Figures of its windows that the upstream reported; null: none. */
  learned: Learned | null
  granted: bigint
  /** Requests that our limits delayed. */
  waits: bigint
  /** Answers by which the upstream refused a request. */
  throttled: bigint
}

/** A gate without a window was in use lately for so long after its last grant, ms. */
const RECENT_MS = 60_000

/** Pause before another try while the database is unreachable, ms. */
const RETRY_MS = 5_000

/**
 * Turns a failed statement into the error that names what happens next: without the gate, nothing is sent.
 * Classes of SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
function unreachable(error: unknown, now: number): Error {
  const { code = '', message } = error as { code?: string; message: string }
  if (code === '42883' || code === '42P01' || code === '3F000') {
    return new Refused('setup', `The database has no gate (${message}): run yarn migrate.`, 'DATABASE_URL')
  }
  if (/^(42|22|23)...$/.test(code)) return error as Error
  return new Throttled('database', new Date(now + RETRY_MS), undefined, `the gate cannot be asked: ${message}`)
}

const text = (rows: ReadonlyMap<string, unknown>): string => JSON.stringify(Object.fromEntries(rows))

/** The statements of the gate, each in its own transaction; every reply also has the database's time. */
export function createGateStore(db: Reader, clock: Clock, local: () => number) {
  async function ask<Row extends object>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    try {
      return await db.query<Row>(sql, values)
    } catch (error) {
      throw unreachable(error, clock.now())
    }
  }
  return {
    async acquire({ rows, class: to, id, slot, within, lead, ended = [] }: Question): Promise<Decision> {
      const before = local()
      const [row] = await ask<{ answer: Decision }>('select backhaul.gate_acquire($1::jsonb, $2, $3, $4, $5, $6, $7) as answer', [
        text(rows),
        to,
        id,
        slot,
        Math.ceil(within),
        Math.ceil(lead),
        ended,
      ])
      const { answer } = row as { answer: Decision }
      clock.note(answer.now, before, local())
      return answer
    },

    async settle(rows: ReadonlyMap<string, RowOutcome>, to: RequestClass, id: string, at: number): Promise<number | undefined> {
      const [row] = await ask<{ held: bigint | null }>('select backhaul.gate_settle($1::jsonb, $2, $3, $4) as held', [
        text(rows),
        to,
        id,
        at,
      ])
      return row?.held == null ? undefined : Number(row.held)
    },

    /** Releases the places of successful requests. */
    async end(names: readonly string[], ids: readonly string[]): Promise<void> {
      await ask(
        `with locked as (select name from backhaul.gates where name = any($1) order by name for update)
         update backhaul.gates g set holders = g.holders - $2::text[] from locked where g.name = locked.name`,
        [names, ids],
      )
    },

    /** Whether the answer to another request has closed one of these gates meanwhile. */
    async held(names: readonly string[]): Promise<boolean> {
      const before = local()
      const [row] = await ask<{ held: boolean; now: number }>(
        `select coalesce(bool_or(blocked_until > clock_timestamp() or open_until > clock_timestamp()), false) as held,
                (extract(epoch from clock_timestamp()) * 1000)::float8 as now
         from backhaul.gates where name = any($1)`,
        [names],
      )
      if (row) clock.note(row.now, before, local())
      return row?.held ?? false
    },

    /**
     * A window shows the sub-windows of its length that end with the current one: never more than one window was granted, and nothing
     * that is promised for later.
     * @param spans length of each rolling window by limit and span, ms; one that is not named shows all that is kept of it
     * @param among only gates that may be in use, whose last grant or answer is no older than their longest window, and these
     */
    list(spans: Record<string, Partial<Record<Span, number>>>, among?: readonly string[]): Promise<GateRow[]> {
      const windows = Object.entries(spans).flatMap(([limit, own]) => Object.entries(own).map(([span, ms]) => ({ limit, span, ms })))
      return ask<GateRow>(
        `with clock as materialized (select now() as at, backhaul.gate_ms(now()) as ms),
              windows as materialized (
                select w.*, (clock.ms / w.sub + 1) * w.sub as last
                  from clock, (select *, (per + 59) / 60 as sub from unnest($1::text[], $2::text[], $3::bigint[]) as w(name, span, per)) w)
         select name, next_at as "nextAt", case when blocked_until > at then blocked_until end as "blockedUntil",
                case when blocked_until > at then blocked_reason end as "blockedReason", failures,
                case when greatest(open_until, probe_until) > at then greatest(open_until, probe_until) end as "trippedUntil",
                granted, waits, throttled, learned,
                case when holders = '{}' then 0
                     else (select count(*)::int from jsonb_each_text(holders) h where h.value::bigint > clock.ms) end as "inFlight",
                coalesce((select jsonb_object_agg(w.span, (
                            select coalesce(sum(p.used), 0) from unnest(w.ends, w.used) as p(ends, used)
                             where s.per is null or (p.ends > s.last - s.per and p.ends <= s.last)))
                          from backhaul.gate_windows w
                          left join windows s on s.name = split_part(gates.name, ':', 1) and s.span = w.span
                         where w.gate = gates.name), '{}') as used
           from clock, backhaul.gates
           left join (select w.name as of, max(w.per) as longest from windows w group by 1) l on l.of = split_part(gates.name, ':', 1)
          where name not like '${PACE_ROWS}'
            and ($4::text[] is null or name = any($4) or next_at > at or holders <> '{}'
                 or updated_at > at - (coalesce(l.longest, 0) + ${RECENT_MS}) * interval '1 millisecond')
          order by name`,
        [windows.map(({ limit }) => limit), windows.map(({ span }) => span), windows.map(({ ms }) => ms), among ?? null],
      )
    },
  }
}
export type GateStore = ReturnType<typeof createGateStore>
