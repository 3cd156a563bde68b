import { z } from 'zod'
import { Refused } from '../../../base/errors'
import type { Json } from '../../../base/json'
import { jsonInt } from '../../../base/vocabulary'
import { defineRoute, type RouteContext } from '../../../contract'
import { accountsOf } from '../accounts/find'
import { infosOf } from '../accounts/info'
import { params } from '../params'
import { readFinancials } from '../store/financials'
import { readProfile } from '../store/profiles'
import { readSyncJobs, type SyncJob } from '../store/sync-jobs'
import { accountShown } from './accounts'
import { fractionOf, newestOf, sentenceOf } from './progress'
import { financials, started, user, userIn } from './shapes'

/** Rows of sync_jobs in an answer, and days of figures. */
const MAX_ROWS = 100
const MAX_DAYS = 400
const DAY_MS = 86_400_000

const iso = (at: Date | null): string | null => at?.toISOString() ?? null

const rowShown = (row: SyncJob): z.input<typeof user>['sync_jobs'][number] => ({
  id: row.id,
  user_id: row.userId,
  account_id: row.accountId,
  platform: row.platform,
  entity: row.entity,
  job_type: row.jobType,
  status: row.status,
  priority: row.priority,
  cursor: row.cursor,
  found: jsonInt(row.found),
  expected: row.expected === null ? null : jsonInt(row.expected),
  reason: row.reason,
  created_at: row.createdAt.toISOString(),
  started_at: iso(row.startedAt),
  finished_at: iso(row.finishedAt),
  job_id: row.jobId,
})

/** Jobs that have not ended, and when they will. */
async function activeJobs(context: RouteContext, rows: readonly SyncJob[]): Promise<z.input<typeof user>['jobs']> {
  const ids = new Set(rows.filter(({ status }) => status === 'queued' || status === 'running').map(({ jobId }) => jobId))
  const shown: z.input<typeof user>['jobs'] = []
  for (const id of ids) {
    const [{ status }, { leftMs }] = [await context.job(id), await context.figures(id)]
    shown.push({ id, status, left_ms: leftMs })
  }
  return shown
}

const getUser = defineRoute({
  method: 'GET',
  path: '/api/commerce/users/:userId',
  access: 'read',
  operation: 'getCommerceUser',
  about: 'A user: plan, accounts, what was read and how far it is',
  params: userIn,
  answers: [{ status: 200, body: user }],
  async answer({ params: { userId } }, context) {
    const { db } = context
    await accountsOf(db, userId)
    const [profile, infos, rows] = await Promise.all([
      readProfile(db, userId),
      infosOf(context, { userId }),
      readSyncJobs(db, userId, MAX_ROWS),
    ])
    return {
      status: 200,
      body: {
        user_id: userId,
        plan: profile?.plan ?? 'free',
        backfill_status: profile?.backfillStatus ?? null,
        backfill_completed_at: iso(profile?.backfillCompletedAt ?? null),
        accounts: infos.map(accountShown),
        sync_jobs: rows.map(rowShown),
        progress: infos.flatMap(({ id, account }) =>
          newestOf(rows)
            .filter((row) => row.accountId === id)
            .toSorted((a, b) => a.priority - b.priority)
            .map((row) => ({ account, entity: row.entity, sentence: sentenceOf(row), fraction: fractionOf(row) })),
        ),
        jobs: await activeJobs(context, rows),
      },
    }
  },
})

const choice = params.omit({ userId: true, kind: true, prepared: true })

const start = (name: 'backfill' | 'sync', kind: 'backfill' | 'incremental', body: z.ZodType, about: string) =>
  defineRoute({
    method: 'POST',
    path: `/api/commerce/users/:userId/${name}`,
    access: 'admin',
    operation: `start${name === 'sync' ? 'Sync' : 'CommerceBackfill'}`,
    about,
    params: userIn,
    body: body.nullish(),
    answers: [
      { status: 202, body: started },
      { status: 200, body: started.meta({ description: 'The job was running already' }) },
    ],
    async answer({ params: { userId }, body: given }, context) {
      const wanted = { ...(given as object | null), userId, kind }
      const priority = kind === 'incremental' ? 'live' : 'backfill'
      const job = await context.act('job.start', null, wanted as Json, (tx) => context.start(tx, wanted, { priority }))
      return { status: job.created ? 202 : 200, body: { job_id: job.id, status: job.status, created: job.created, added: job.added } }
    },
  })

const day = z.iso.date('must be a day like 2026-01-31')

/** The last 30 days unless others are asked for. */
function daysIn({ from, to = new Date().toISOString().slice(0, 10) }: { from?: string; to?: string }): { from: string; to: string } {
  const first = from ?? new Date(Date.parse(to) - 29 * DAY_MS).toISOString().slice(0, 10)
  const days = (Date.parse(to) - Date.parse(first)) / DAY_MS + 1
  if (days < 1) throw new Refused('input', `from must not be after to: ${first} is after ${to}.`, 'from')
  if (days > MAX_DAYS) throw new Refused('input', `from and to must be at most ${MAX_DAYS} days apart, got ${days}.`, 'from')
  return { from: first, to }
}

const getFinancials = defineRoute({
  method: 'GET',
  path: '/api/commerce/users/:userId/financials',
  access: 'read',
  operation: 'getFinancials',
  about: 'Figures by account, UTC day and currency; by default of the last 30 days',
  params: userIn,
  query: z.strictObject({ from: day.optional(), to: day.optional() }),
  answers: [{ status: 200, body: financials }],
  async answer({ params: { userId }, query }, context) {
    const { from, to } = daysIn(query)
    await accountsOf(context.db, userId)
    const rows = await readFinancials(context.db, userId, from, to)
    return {
      status: 200,
      body: {
        user_id: userId,
        from,
        to,
        daily_financials: rows.map(({ platform, shopId, ...row }) => ({
          ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? jsonInt(value) : value])),
          account: `${platform}/${shopId}`,
        })),
      },
    }
  },
})

export const userRoutes = [
  getUser,
  start(
    'backfill',
    'backfill',
    choice.strict(),
    'Backfill what is connected; a job that runs already reads what was connected meanwhile as well',
  ),
  start(
    'sync',
    'incremental',
    choice.pick({ platforms: true, entities: true, listingStates: true, transport: true }).strict(),
    'Read what has changed since the last complete reading',
  ),
  getFinancials,
]
