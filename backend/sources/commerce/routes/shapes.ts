import { z } from 'zod'
import { params } from '../params'
import { PLATFORMS } from '../store/records'
import { ENTITY_NAMES } from '../store/sync-jobs'

/*
 * Answers in the words of the tables: `user_id`, `sync_jobs`. Amounts and counts above 2^53 are text.
 */

const moment = z.iso.datetime()
const large = z.union([z.number().int(), z.string()])

export const userIn = z.object({ userId: params.shape.userId })
export const platformIn = z.object({
  platform: z
    .string()
    .max(60)
    .meta({ description: PLATFORMS.join(', ') }),
})

export const link = z
  .object({
    id: z.string().meta({ description: 'Of the connection; no secret' }),
    url: z.string().meta({ description: 'What the user opens in a browser; it works once' }),
    expires_at: moment,
  })
  .meta({ id: 'AccountLink' })

export const account = z
  .object({
    id: z.uuid(),
    platform: z.enum(PLATFORMS),
    account: z.string().meta({ description: 'Platform and shop: etsy/4711' }),
    name: z.string().nullable(),
    currency: z.string().nullable(),
    scopes: z.array(z.string()),
    state: z.enum(['connected', 'reauth_required', 'removed']),
    reason: z.string().nullable().meta({ description: 'What a person must do, where it must be connected again' }),
    notes: z.array(z.string()).meta({ description: 'What cannot be read of it' }),
  })
  .meta({ id: 'CommerceAccount' })

const syncJob = z
  .object({
    id: z.uuid(),
    user_id: z.string(),
    account_id: z.uuid(),
    platform: z.enum(PLATFORMS),
    entity: z.enum(ENTITY_NAMES),
    job_type: z.enum(['backfill', 'incremental']),
    status: z.enum(['queued', 'running', 'completed', 'failed', 'cancelled']),
    priority: z.number().int(),
    cursor: z.string().nullable().meta({ description: 'Where the next sync starts' }),
    found: large,
    expected: large.nullable(),
    reason: z.string().nullable(),
    created_at: moment,
    started_at: moment.nullable(),
    finished_at: moment.nullable(),
    job_id: z.uuid(),
  })
  .meta({ id: 'SyncJob' })

export const user = z
  .object({
    user_id: z.string(),
    plan: z.string(),
    backfill_status: z.enum(['in_progress', 'completed', 'completed_with_errors', 'failed', 'cancelled']).nullable(),
    backfill_completed_at: moment.nullable(),
    accounts: z.array(account),
    sync_jobs: z.array(syncJob).meta({ description: 'The newest 100, by job' }),
    progress: z
      .array(
        z.object({
          account: z.string(),
          entity: z.enum(ENTITY_NAMES),
          sentence: z.string().meta({ description: 'Syncing orders… 450/1,200' }),
          fraction: z.number().nullable(),
        }),
      )
      .meta({ description: 'How far the newest job of each entity is' }),
    jobs: z
      .array(z.object({ id: z.uuid(), status: z.string(), left_ms: z.number().nullable() }))
      .meta({ description: 'Jobs that read accounts of the user now' }),
  })
  .meta({ id: 'CommerceUser' })

export const userPlan = z.object({
  user_id: z.string(),
  plan: z.string(),
  accounts: z.number().int().meta({ description: 'How many accounts of the user are connected; 0: the plan waits for the first one' }),
})

export const started = z
  .object({
    job_id: z.uuid(),
    status: z.string(),
    created: z.boolean().meta({ description: 'False: this job was running already, and reads what is asked for as well' }),
    added: z.array(z.string()).meta({ description: 'What the request added to it: orders of etsy/4711' }),
  })
  .meta({ id: 'CommerceJob' })

export const financials = z
  .object({
    user_id: z.string(),
    from: z.iso.date(),
    to: z.iso.date(),
    daily_financials: z.array(
      z.object({
        account_id: z.uuid(),
        account: z.string(),
        day: z.iso.date(),
        currency: z.string().meta({ description: 'ISO 4217; XXX: not known' }),
        orders: z.number().int(),
        revenue_minor: large,
        tax_minor: large,
        refunds_minor: large,
        fees_minor: large,
        cogs_minor: large,
        reprints_minor: large,
        profit_minor: large,
      }),
    ),
  })
  .meta({ id: 'DailyFinancials' })
