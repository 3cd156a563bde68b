import { z } from 'zod'
import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import { logUnexpected } from '../../base/log-errors'
import { jsonInt } from '../../base/vocabulary'
import type { Origin } from '../../engine/jobs/start'
import { labelOf } from '../base/about'
import { jobCounts } from '../base/caches'
import type { Service } from '../base/context'
import { bigintText, limitOf, makeCursor, type Page, type PageAsk, pageOf, readCursor, uuidText } from '../base/cursor'

/** Who acts, through which entry point, and from where. */
export interface Actor {
  /** `admin`, `reader`, or `local` where no token is set. */
  who: string
  /** The peer's address; the host's name for a command. */
  address: string
  entryPoint: 'rest' | 'graphql' | 'cli'
}

/** The same for a job that this person starts. */
export const originOf = ({ who, entryPoint }: Actor): Origin => ({ kind: 'person', name: who, by: entryPoint })

export interface ActionRow {
  id: number | string
  at: string
  who: string
  address: string
  entryPoint: string
  verb: string
  target: string | null
  /** The target in words: what a job reads, the name of a schedule, the host of a webhook; null where there are none. */
  label: string | null
  detail: unknown
  /** `done`, or why it was refused; `begun` if the process died meanwhile. */
  outcome: string
}

const MAX_DETAIL = 10_000

/** The request, short enough to store. */
function detailText(detail: Json): string {
  const text = JSON.stringify(detail)
  return text.length <= MAX_DETAIL ? text : JSON.stringify({ cut: text.slice(0, MAX_DETAIL) })
}

/**
 * Does what a person asked for and records who did it, from where, and what came of it. The row is written first, so that nothing
 * happens without a trace; in SQL, because every command that queues a job would wait for Prisma Client to load.
 * @param verb `job.pause`, `dead-letter.replay`
 * @param target what the verb applies to; null when it is created by it, then `targetOf` names it
 * @param detail the request, without secrets
 */
export async function act<T>(
  service: Pick<Service, 'db' | 'log'>,
  actor: Actor,
  verb: string,
  target: string | null,
  detail: Json,
  work: () => Promise<T>,
  targetOf: (result: T) => string | null = () => target,
): Promise<T> {
  const [row] = await service.db.query<{ id: bigint }>(
    `insert into backhaul.actions (who, address, entry_point, verb, target, detail, outcome) values ($1, $2, $3, $4, $5, $6, 'begun') returning id`,
    [actor.who, actor.address, actor.entryPoint, verb, target, detailText(detail)],
  )
  const end = async (outcome: string, on: string | null) => {
    try {
      await service.db.query(`update backhaul.actions set outcome = $2, target = $3 where id = $1`, [row?.id, outcome, on])
    } catch (error) {
      // The action itself has succeeded or failed already; its row stays `begun`.
      logUnexpected(service.log, `the outcome of ${verb} could not be recorded`, error)
    }
    service.log.info(`${verb} ${outcome === 'done' ? '' : 'refused '}`.trimEnd(), {
      ...(verb.startsWith('job.') ? { job: on } : { target: on }),
      who: actor.who,
      entryPoint: actor.entryPoint,
      from: actor.address,
    })
  }
  try {
    const result = await work()
    // Its author sees the new counts at once.
    jobCounts(service).clear()
    await end('done', targetOf(result))
    return result
  } catch (error) {
    await end(error instanceof Refused ? error.message : 'failed: unexpected error, see the log', target)
    throw error
  }
}

/** Actions, newest first. @throws {Refused} `input` */
export async function listActions(service: Pick<Service, 'db' | 'sources'>, ask: PageAsk = {}): Promise<Page<ActionRow>> {
  const limit = limitOf(ask)
  const [before] = readCursor('actions', null, z.tuple([bigintText]), ask.cursor) ?? []
  const rows = await service.db.prisma.action.findMany({
    where: before === undefined ? {} : { id: { lt: BigInt(before) } },
    orderBy: { id: 'desc' },
    take: limit + 1,
  })
  const labels = await labelsOf(
    service,
    rows.flatMap(({ target }) => (target !== null && uuidText.safeParse(target).success ? [target] : [])),
  )
  return pageOf(
    rows,
    limit,
    (row) => makeCursor('actions', null, [row.id.toString()]),
    (row) => ({ ...row, id: jsonInt(row.id), at: row.at.toISOString(), label: labels.get(row.target ?? '') ?? null }),
  )
}

/** What these ids stand for, in words; those that are gone have none. */
async function labelsOf({ db, sources }: Pick<Service, 'db' | 'sources'>, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const where = { id: { in: [...new Set(ids)] } }
  const [jobs, schedules, webhooks] = await Promise.all([
    db.prisma.job.findMany({ where, select: { id: true, source: true, params: true, activeKey: true } }),
    db.prisma.schedule.findMany({ where, select: { id: true, name: true } }),
    db.prisma.webhook.findMany({ where, select: { id: true, url: true } }),
  ])
  return new Map([
    ...jobs.map((job) => [job.id, labelOf(job, sources)] as const),
    ...schedules.map(({ id, name }) => [id, name] as const),
    ...webhooks.map(({ id, url }) => [id, new URL(url).host] as const),
  ])
}
