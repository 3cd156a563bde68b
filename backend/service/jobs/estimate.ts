import { count, counted, duration } from '../../base/vocabulary'
import type { JobEstimate, Limit, Plan, Span } from '../../contract'
import { foretell, PRIORITY } from '../../engine/jobs/verbs'
import { ACTIVE } from '../../engine/store'
import { limitsNow } from '../../gate/learned'
import { apiOf, type Limits, shareOf } from '../../gate/limits'
import type { Service } from '../base/context'
import { checkedParams, sourceOf } from '../base/registry'

export const DAY_MS = 86_400_000

/** The least time that `requests` need under one limit, ms; those of a backfill get only its share of the limit's windows. */
export function leastMs(requests: number, limit: Limit, isBackfill = false): number {
  if (requests <= 0) return 0
  const window = (span: Span, figure: number | undefined, ms: number | undefined) => {
    if (figure === undefined || ms === undefined) return 0
    const allowed = Math.max(1, Math.floor(figure * ((isBackfill ? shareOf(limit, span) : undefined) ?? 1)))
    return (Math.ceil(requests / allowed) - 1) * ms
  }
  return Math.max(
    (requests - 1) * (limit.spacingMs ?? 0),
    window('requests', limit.requests, limit.perMs),
    window('day', limit.perDay, limit.dayMs ?? DAY_MS),
  )
}

/** `50 % for backfills`, or `50 % of a day for backfills` where the share is that of one window. */
function shareTexts(limit: Limit): string[] {
  const percent = (share: number) => `${Math.round(share * 100)} %`
  const [requests, day] = [shareOf(limit, 'requests'), shareOf(limit, 'day')]
  if (requests !== undefined && requests === day) return [`${percent(requests)} for backfills`]
  const windows: [share: number | undefined, ms: number][] = [
    [requests, limit.perMs ?? 0],
    [day, limit.dayMs ?? DAY_MS],
  ]
  return windows.flatMap(([share, ms]) => (share === undefined ? [] : [`${percent(share)} of ${duration(ms)} for backfills`]))
}

/** A limit in words: `one every 10 s, 1 at once`. */
export function limitText(limit: Limit): string {
  const parts = [
    limit.spacingMs ? `one every ${duration(limit.spacingMs)}` : '',
    limit.requests && limit.perMs ? `${counted(limit.requests, limit.tokens ? 'token' : 'request')} in ${duration(limit.perMs)}` : '',
    limit.perDay ? `${count(limit.perDay)} in ${duration(limit.dayMs ?? DAY_MS)}` : '',
    limit.concurrent ? `${limit.concurrent} at once` : '',
    ...shareTexts(limit),
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'none of its own' : parts.join(', ')
}

export interface Estimate {
  tasks: number
  /** By API or part of one: requests (null: unknown before the work starts) and the least time they take, ms. */
  apis: { name: string; requests: number | null; limit: Limit; leastMs: number | null }[]
  /** Null: unknown, because some of the requests are. */
  leastMs: number | null
  notes: string[]
}

/** The least time that a job's requests to an API take at its own pace, ms. */
function pacedMs({ pace, estimate: { requests } }: Plan, api: string): number {
  if (pace?.api !== api) return 0
  const figures = Object.entries(requests).map(([name, figure]) => (apiOf(name) === api ? (figure ?? 0) : 0))
  return Math.max(0, figures.reduce((sum, figure) => sum + figure, 0) - 1) * pace.spacingMs
}

/** What plans cost at these limits, all jobs together; requests to a part of an API count for the API as well. */
export function estimate(plans: readonly Plan[], limits: Limits, isLive: boolean): Estimate {
  const requests = new Map<string, number | null>()
  const add = (name: string, more: number | null) => {
    const before = requests.get(name)
    requests.set(name, before === null || more === null ? null : (before ?? 0) + more)
  }
  for (const plan of plans) {
    for (const [name, figure] of Object.entries(plan.estimate.requests)) {
      add(name, figure)
      if (apiOf(name) !== name) add(apiOf(name), figure)
    }
  }
  const apis = [...requests].map(([name, figure]) => {
    const limit: Limit = limits.get(name) ?? { scope: 'ip' }
    const least = figure === null ? null : leastMs(figure, limit, !isLive)
    return { name, requests: figure, limit, leastMs: least === null ? null : Math.max(least, ...plans.map((plan) => pacedMs(plan, name))) }
  })
  return {
    tasks: plans.reduce((sum, plan) => sum + plan.tasks.length, 0),
    apis,
    leastMs: apis.some((api) => api.leastMs === null) ? null : Math.max(0, ...apis.map((api) => api.leastMs ?? 0)),
    notes: [...new Set(plans.flatMap((plan) => plan.estimate.note ?? []))],
  }
}

/**
 * What a job of these params would cost at the limits in force; nothing is queued.
 * @throws {Refused} `input` naming the field, `missing` for an unknown source
 */
export async function estimateJob(service: Service, ask: { source: string; params: unknown; priority?: number }): Promise<JobEstimate> {
  const source = sourceOf(service, ask.source)
  const { plan } = await foretell(() => service.db, service, source, checkedParams(source, ask.params))
  const limits = await limitsNow(service.db, service.limits)
  const { apis, ...it } = estimate([plan], limits, (ask.priority ?? PRIORITY.backfill) === PRIORITY.live)
  const [active] = await service.db.query<{ id: string }>(
    `select id from backhaul.jobs where source = $1 and active_key = $2 and status in ${ACTIVE}`,
    [source.name, plan.activeKey],
  )
  return {
    ...it,
    requests: apis.map((api) => ({ api: api.name, requests: api.requests, leastMs: api.leastMs, limit: limitText(api.limit) })),
    activeKey: plan.activeKey,
    activeJob: active?.id ?? null,
  }
}
