import { z } from 'zod'
import { Refused } from '../../../base/errors'
import type { Json } from '../../../base/json'
import { defineRoute, parsed, type Route, type RouteContext } from '../../../contract'
import { NOT_A_FIELD, params as schema, unknownField } from '../params'
import type { Context } from './parts'
import { previewShown } from './preview'
import { refusalsWith } from './refusals'
import { backfill, preview as previewShape } from './shapes'
import { hasEnded, viewOf } from './view'

const PATH = '/api/districts/backfill'
const TAKES =
  'BackfillRequest: startDate, endDate, targetDistricts, collectionType, concurrency, retryFailures, skipExisting, rateLimitDelayMs, enableCaching; GET /api/sources describes each'

const request = z
  .record(z.string(), z.unknown(), { error: 'must be a JSON object such as {"startDate": "2024-01-01", "endDate": "2024-01-30"}' })
  .nullish()
  .meta({ description: TAKES })
const id = z.object({ backfillId: z.string().max(64).meta({ description: 'The backfillId of the answer to POST' }) })
const refusals = refusalsWith({ missing: 'BACKFILL_NOT_FOUND', conflict: 'CANNOT_CANCEL_JOB' })

/** How long a finished backfill may be kept by caches, s: it does not change but by a retry. */
const FINISHED_AGE_S = 3600

/** A backfill as its routes answer it. */
const shown = async (context: RouteContext, backfillId: string) => ({
  ...(await viewOf(context as Context, backfillId)),
  request_id: context.requestId,
})

const create = defineRoute({
  method: 'POST',
  path: PATH,
  access: 'admin',
  operation: 'createDistrictBackfill',
  about: 'Backfill district statistics of a range of dates',
  body: request,
  headers: z.object({ 'idempotency-key': z.string().max(200).optional() }),
  answers: [{ status: 202, body: backfill }],
  refusals,
  async answer({ body, headers }, context) {
    const wanted = asked(body)
    const { 'idempotency-key': idempotencyKey } = headers
    const job = await context.act('job.start', null, wanted as Json, (tx) => context.start(tx, wanted, { idempotencyKey }))
    return {
      status: 202,
      body: await shown(context, job.id),
      headers: { 'x-backfill-id': job.id },
    }
  },
})

/** What was sent, checked here so that its faults name the fields of this API. @throws {Refused} `input` */
function asked(body: unknown): Record<string, unknown> {
  const raw = (body ?? {}) as Record<string, unknown>
  const unknown = unknownField(raw)?.slice(0, 60)
  if (unknown !== undefined) throw new Refused('input', `${unknown} ${NOT_A_FIELD}.`, unknown)
  parsed(schema, raw)
  return raw
}

const get = defineRoute({
  method: 'GET',
  path: `${PATH}/:backfillId`,
  access: 'read',
  operation: 'getDistrictBackfill',
  about: 'Progress of a backfill of district statistics, with its errors',
  params: id,
  answers: [{ status: 200, body: backfill }],
  refusals,
  async answer({ params }, context) {
    const body = await shown(context, params.backfillId)
    return {
      status: 200,
      body,
      headers: {
        'x-backfill-id': body.backfillId,
        'x-backfill-status': body.status,
        'cache-control': hasEnded(body.state) ? `public, max-age=${FINISHED_AGE_S}` : 'no-store',
      },
    }
  },
})

const cancel = defineRoute({
  method: 'DELETE',
  path: `${PATH}/:backfillId`,
  access: 'admin',
  operation: 'cancelDistrictBackfill',
  about: 'Cancel a backfill of district statistics; what was stored stays',
  params: id,
  answers: [{ status: 200, body: z.object({ success: z.boolean(), message: z.string(), backfillId: z.string() }) }],
  refusals,
  async answer({ params }, context) {
    const job = await context.job(params.backfillId)
    // Cancelling twice is allowed elsewhere; users of this API expect to be told.
    if (job.status === 'cancelled') throw new Refused('state', `backfill ${job.id} is cancelled already`, 'status', job.status)
    await context.steer('cancel', job.id)
    return { status: 200, body: { success: true, message: 'Backfill cancelled successfully', backfillId: job.id } }
  },
})

const retry = defineRoute({
  method: 'POST',
  path: `${PATH}/:backfillId/retry`,
  access: 'admin',
  operation: 'retryDistrictBackfill',
  about: 'Try what failed in a backfill of district statistics again; what was stored is not read again',
  params: id,
  answers: [{ status: 202, body: backfill }],
  refusals: refusalsWith({ missing: 'BACKFILL_NOT_FOUND', conflict: 'CANNOT_RETRY_JOB' }),
  async answer({ params }, context) {
    const job = await context.job(params.backfillId)
    await context.steer('retry', job.id)
    return {
      status: 202,
      body: await shown(context, job.id),
      headers: { 'x-backfill-id': job.id },
    }
  },
})

const preview = defineRoute({
  method: 'POST',
  path: `${PATH}/preview`,
  access: 'read',
  operation: 'previewDistrictBackfill',
  about: 'What a backfill would read, by date, with the reason for each date that it would not; nothing is started or asked for',
  body: request,
  answers: [{ status: 200, body: previewShape }],
  refusals,
  answer: async ({ body }, context) => ({ status: 200, body: await previewShown(context as Context, parsed(schema, asked(body))) }),
})

export const backfillRoutes: readonly Route[] = [create, preview, get, cancel, retry]
