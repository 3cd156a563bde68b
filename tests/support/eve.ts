import { Fatal, RetryLater, Throttled } from '../../backend/base/errors'
import type { Log } from '../../backend/base/log'
import type { HttpAnswer, HttpRequest, Io, NewTask, Page, Reject } from '../../backend/contract'
import { eve } from '../../backend/sources/eve'
import type { EveParams } from '../../backend/sources/eve/params'
import { type Body, body, hashOf, type Killmail } from '../../backend/sources/eve/records'
import type { Batch } from '../../backend/sources/eve/store'

export const CHARACTER = 2117325769
const quiet: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** A small body of our own making. */
export function bodyOf(id: number, time: Date | string, extra: { attackers?: number; victim?: number } = {}): Body {
  return body.parse({
    killmail_id: id,
    killmail_time: `${new Date(time).toISOString().slice(0, 19)}Z`,
    solar_system_id: 30000142,
    victim: {
      character_id: extra.victim ?? CHARACTER,
      corporation_id: 98000001,
      ship_type_id: 587,
      damage_taken: 100 + (id % 50),
      items: [{ item_type_id: 3634, flag: 11, singleton: 0, quantity_destroyed: 1 }],
    },
    attackers: Array.from({ length: extra.attackers ?? 1 }, (_, n) => ({
      character_id: 90000000 + ((id + n) % 1000),
      corporation_id: 98000002,
      alliance_id: 99000001,
      ship_type_id: 588,
      weapon_type_id: 2881,
      damage_done: 10,
      final_blow: n === 0,
      security_status: 1.5,
    })),
  })
}

export const zkbOf = (hash: string, more: object = {}) => ({
  hash,
  locationID: 40009082,
  fittedValue: 1000.5,
  droppedValue: 0,
  destroyedValue: 1000.5,
  totalValue: 1000.5,
  points: 1,
  npc: false,
  solo: true,
  awox: false,
  labels: ['pvp', 'loc:highsec'],
  ...more,
})

export type Listed = Record<string, unknown> & { killmail_id: number; zkb: ReturnType<typeof zkbOf> }
/** A killmail as a page of zKillboard has it. */
export function listed(id: number, time: Date | string = '2024-03-05T12:00:00Z', extra: Parameters<typeof bodyOf>[2] = {}): Listed {
  const it = bodyOf(id, time, extra)
  return { ...it, zkb: zkbOf(hashOf(it)) }
}

/** What a made-up upstream answers; `undefined` data stands for an accepted refusal. */
export interface Reply {
  data?: unknown
  status?: number
  text?: string
  headers?: Record<string, string>
  etag?: string
}
export type Upstream = (path: string, request: HttpRequest<unknown>) => Reply | Error

export interface FakeIo extends Io {
  asked: string[]
}

/** An `Io` without network or database. `held` are names as `known` gets them, `rows` what every statement on what is held finds. */
export function fakeIo(
  upstreams: Record<string, Upstream>,
  options: { held?: Set<string>; more?: () => boolean; rows?: object[] } = {},
): FakeIo {
  const asked: string[] = []
  return {
    asked,
    http: (api) => ({
      base: `http://${api}.test`,
      async request<T>(request: HttpRequest<T>): Promise<HttpAnswer<T>> {
        asked.push(`${api} ${request.path}`)
        const reply = upstreams[api]?.(request.path, request as HttpRequest<unknown>) ?? new Fatal('test', `nothing answers ${api}`)
        if (reply instanceof Error) throw reply
        const { status = 200, headers = {}, text = '', etag } = reply
        const { accept, isAnswer } = request
        if (accept?.includes(status) && isAnswer && !isAnswer({ status, headers, text })) throw new RetryLater('no_answer', text)
        const data = reply.data === undefined ? undefined : request.schema.parse(structuredClone(reply.data))
        return { status, sentAt: new Date(), headers, text, etag, data }
      },
    }),
    known: async (ids) => new Set(ids.filter((id) => options.held?.has(id))),
    inFlight: async () => new Map(),
    ended: async () => ({ done: 0, skipped: 0, failed: 0, cancelled: 0, error: null, skip: null, unverified: null }),
    held: { query: async <Row extends object>() => (options.rows ?? []) as Row[] },
    more: options.more ?? (() => true),
    settings: {},
    log: quiet,
    signal: new AbortController().signal,
  }
}

export interface Run {
  stored: Map<string, Killmail>
  rejected: Reject[]
  seen: number
  known: number
  notes: string[]
  expected?: number
  asked: string[]
  retries: string[]
  failed: string[]
  lookups: Set<string>
  tasks: string[]
}

/**
 * Does what the engine does with a job, in memory: step after step with the cursor taken through JSON, child tasks after it.
 * Time stands still unless a step has to wait. Needs jest's fake timers.
 */
export async function runJob(
  params: EveParams,
  upstreams: Record<string, Upstream>,
  options: { held?: Set<string>; steps?: number } = {},
): Promise<Run> {
  const held = options.held ?? new Set<string>()
  const run: Run = {
    stored: new Map(),
    rejected: [],
    seen: 0,
    known: 0,
    notes: [],
    asked: [],
    retries: [],
    failed: [],
    lookups: new Set(),
    tasks: [],
  }
  const queue: NewTask[] = eve.plan(params).tasks
  let steps = options.steps ?? 5000
  for (let task = queue.shift(); task; task = queue.shift()) {
    run.tasks.push(`${task.stream} ${task.key}`)
    const stream = eve.streams[task.stream]
    if (!stream) throw new Error(`no stream ${task.stream}`)
    let cursor: unknown = task.cursor
    let attempts = 0
    while (cursor !== null) {
      if (steps-- === 0) throw new Error(`still running: ${JSON.stringify(cursor).slice(0, 300)}`)
      const io = fakeIo(upstreams, { held })
      try {
        const step = {
          key: task.key,
          cursor: stream.cursor.parse(JSON.parse(JSON.stringify(cursor))),
          params,
          source: 'eve',
          job: 'job',
          attempts,
        }
        const page = (await stream.read(step, io)) as Page<unknown, Batch>
        take(run, page, held)
        queue.push(...(page.tasks ?? []))
        cursor = page.next
        attempts = 0
      } catch (error) {
        if (error instanceof Throttled) jest.setSystemTime(error.until.getTime() - 1000)
        else if (error instanceof RetryLater && ++attempts < 10) {
          run.retries.push(error.kind)
          jest.setSystemTime(Math.max(Date.now() + 1000 * 2 ** attempts, error.at?.getTime() ?? 0))
        } else if (error instanceof RetryLater || error instanceof Fatal) {
          run.failed.push(error.kind)
          cursor = null
        } else throw error
      } finally {
        run.asked.push(...io.asked)
      }
    }
  }
  return run
}

function take(run: Run, page: Page<unknown, Batch>, held: Set<string>): void {
  for (const one of page.batch.killmails) {
    run.stored.set(one.id, one)
    held.add(`${one.id}:${one.hash}`)
    held.add(`old:${one.id}:${one.hash}`)
    if (one.listedHash !== null) held.add(`${one.id}:${one.listedHash}`)
  }
  for (const one of page.batch.refused) held.add(`${one.reason}:${one.id}:${one.hash}`)
  run.rejected.push(...(page.rejected ?? []))
  run.seen += page.batch.killmails.length + (page.known ?? 0) + (page.rejected?.length ?? 0)
  run.known += page.known ?? 0
  run.expected = page.expected ?? run.expected
  run.notes.push(...(page.notes ?? []))
  for (const [kind, ids] of Object.entries(page.lookups ?? {})) for (const id of ids) run.lookups.add(`${kind}:${id}`)
}

const PAGE = /^\/(?:characterID|corporationID|allianceID)\/\d+\/(?:(kills|losses)\/)?(?:year\/(\d+)\/month\/(\d+)\/)?page\/(\d+)\/$/

/** What a page path asks for. */
export function parsePage(path: string): { side?: string; month?: string; page: number } {
  const [, side, year, month, page] = PAGE.exec(path) ?? []
  if (!page) throw new Error(`not a page: ${path}`)
  return { side, page: Number(page), month: year && month ? `${year}-${month.padStart(2, '0')}` : undefined }
}

/** zKillboard with a fixed list, newest first, `size` on a page. */
export function pagesOf(all: () => readonly Listed[], size: number): Upstream {
  return (path) => {
    if (path.startsWith('/stats/')) return { data: { error: 'Invalid type or id' } }
    const { month, page } = parsePage(path)
    if (page > 100) return { data: { error: 'page value > 100 not allowed' } }
    const list = [...all()]
      .filter((one) => !month || String(one.killmail_time).startsWith(month))
      .sort((a, b) => b.killmail_id - a.killmail_id)
    return { data: list.slice((page - 1) * size, page * size), headers: { date: new Date().toUTCString() } }
  }
}
