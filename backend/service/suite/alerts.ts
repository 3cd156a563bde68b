import { z } from 'zod'
import { type AlertTarget, counted, upper } from '../../base/vocabulary'
import { sourceAlerts } from '../../engine/upkeep/source-checks'
import type { Service } from '../base/context'
import { limitOf, makeCursor, momentSql, momentText, type Page, type PageAsk, pageOf, readCursor } from '../base/cursor'
import { type Actor, act } from './actions'

/** A condition that needs attention; it is listed as long as it lasts. */
export interface Alert {
  /** The engine's own, or `<source>.<check>`. */
  kind: string
  /** Queue, job or API; what a source names. */
  subject: string
  message: string
  /** What to run at the command line. */
  hint: string | null
  target: AlertTarget | null
  since: string
  acknowledged: Acknowledged | null
}

/** Who acknowledged it, and when. It ends with the alert. */
export interface Acknowledged {
  at: string
  by: string
  /** Their address. */
  from: string
}

/** The alerts of one kind. */
export interface AlertGroup {
  kind: string
  /** The alert's own message where there is one only. */
  sentence: string
  alerts: number
  acknowledged: number
  since: string
  /** A moment by which the latest of them was raised. */
  latest: string
  /** The first that is not acknowledged, else the first. */
  first: Alert
}

/** What several alerts of a kind are, the gravest kind first. */
const KINDS: Record<string, (n: number) => string> = {
  queue_unattended: (n) => `${counted(n, 'queue')} with work and no worker`,
  held: (n) => `Work waits for a person, for ${counted(n, 'reason')}`,
  job_stalled: (n) => `${counted(n, 'job')} make no progress`,
  breaker_tripped: (n) => `Requests to ${counted(n, 'API')} fail one after the other`,
  dead_letters_growing: (n) => counted(n, 'queue has dead letters', 'queues have dead letters'),
  schedule_failed: (n) => `${counted(n, 'schedule')} start no job`,
  webhook_failing: (n) => `${counted(n, 'webhook')} get no event`,
}
const GRAVEST = Object.keys(KINDS)

interface Row extends Omit<Alert, 'target' | 'acknowledged' | 'since'> {
  at: string
  targetKind: AlertTarget['kind'] | null
  targetId: string | null
  acknowledgedAt: Date | null
  acknowledgedBy: string | null
  acknowledgedFrom: string | null
}

const ALERT = `kind, subject, message, hint, ${momentSql('since')} as at, target_kind as "targetKind", target_id as "targetId",
  acknowledged_at as "acknowledgedAt", acknowledged_by as "acknowledgedBy", acknowledged_from as "acknowledgedFrom"`

const alertOf = ({ kind, subject, message, hint, at, ...row }: Row): Alert => ({
  kind,
  subject,
  message,
  hint,
  target: row.targetKind && row.targetId !== null ? { kind: row.targetKind, id: row.targetId } : null,
  since: new Date(at).toISOString(),
  acknowledged: row.acknowledgedAt && {
    at: row.acknowledgedAt.toISOString(),
    by: row.acknowledgedBy ?? '',
    from: row.acknowledgedFrom ?? '',
  },
})

/** Current alerts, or those of one kind, oldest first. The scheduler checks every 5 s (engine/upkeep/alerts.ts). @throws {Refused} `input` */
export async function listAlerts({ db }: Pick<Service, 'db'>, { kind }: { kind?: string } = {}, ask: PageAsk = {}): Promise<Page<Alert>> {
  const limit = limitOf(ask)
  const after = readCursor('alerts', kind ?? null, z.tuple([momentText, z.string(), z.string()]), ask.cursor)
  const rows = await db.query<Row>(
    `select ${ALERT} from backhaul.alerts
      where ($1::text is null or kind = $1) and ($2::timestamptz is null or (since, kind, subject) > ($2, $3, $4))
      order by since, kind, subject limit $5`,
    [kind ?? null, ...(after ?? [null, null, null]), limit + 1],
  )
  return pageOf(rows, limit, (row) => makeCursor('alerts', kind ?? null, [row.at, row.kind, row.subject]), alertOf)
}

/** Current alerts by kind: what nobody has acknowledged first, then the gravest. */
export async function alertGroups({ db, sources }: Pick<Service, 'db' | 'sources'>): Promise<AlertGroup[]> {
  const rows = await db.query<Row & { alerts: number; known: number; oldest: Date; latest: Date }>(
    `select f.*, g.alerts, g.known, g.oldest, g.latest
       from (select kind, count(*)::int as alerts, count(acknowledged_at)::int as known, min(since) as oldest,
                    max(since) as latest from backhaul.alerts group by kind) g
       cross join lateral (select ${ALERT} from backhaul.alerts where kind = g.kind order by acknowledged_at is not null, since, subject limit 1) f`,
  )
  const abouts = sourceAlerts(sources)
  const groups = rows.map(({ alerts, known, oldest, latest, ...row }) => {
    const first = alertOf(row)
    const sentence = KINDS[row.kind]?.(alerts) ?? `${abouts[row.kind] ?? row.kind} (${alerts} times)`
    return {
      kind: row.kind,
      sentence: alerts === 1 ? upper(first.message) : sentence,
      alerts,
      acknowledged: known,
      since: oldest.toISOString(),
      // A Date has lost the microseconds.
      latest: new Date(latest.getTime() + 1).toISOString(),
      first,
    }
  })
  const rank = ({ kind, alerts, acknowledged }: AlertGroup) =>
    (alerts === acknowledged ? GRAVEST.length + 1 : 0) + (GRAVEST.includes(kind) ? GRAVEST.indexOf(kind) : GRAVEST.length)
  return groups.sort((a, b) => rank(a) - rank(b) || (a.kind < b.kind ? -1 : 1))
}

export interface AlertChoice {
  kind: string
  /** These of the kind; absent: all. */
  subjects?: readonly string[]
  /** Only those raised up to then: what came afterwards its reader has not seen. */
  until?: string
}

/**
 * Notes that a person knows of alerts, for everybody to see; or, with `undo`, that nobody does. Repeating it changes nothing.
 * @returns how many it changed
 */
export async function acknowledgeAlerts(
  service: Pick<Service, 'db' | 'log'>,
  actor: Actor,
  { kind, subjects, until }: AlertChoice,
  undo = false,
): Promise<number> {
  const target = subjects?.length === 1 ? `${kind} ${subjects[0]}` : kind
  const verb = undo ? 'alert.unacknowledge' : 'alert.acknowledge'
  return await act(service, actor, verb, target, { kind, subjects: subjects && [...subjects], until }, async () => {
    const rows = await service.db.query(
      `update backhaul.alerts set acknowledged_at = case when not $4 then clock_timestamp() end, acknowledged_by = $5, acknowledged_from = $6
        where kind = $1 and ($2::text[] is null or subject = any($2)) and ($3::timestamptz is null or since <= $3)
          and (acknowledged_at is null) <> $4 returning kind`,
      [kind, subjects ?? null, until ?? null, undo, undo ? null : actor.who, undo ? null : actor.address],
    )
    return rows.length
  })
}
