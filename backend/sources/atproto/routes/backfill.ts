import { z } from 'zod'
import type { Json } from '../../../base/json'
import { defineRoute, parsed, type RouteContext, type RouteJob } from '../../../contract'
import { params as atprotoParams } from '../params'
import { status, statusOf, statusShown } from './status'

/** Jobs on one page by default, and at most. */
const PAGE = 50
const MAX = 200

const started = z.object({ id: z.uuid(), status: z.string() })
const jobId = z.object({ id: z.string().max(64).meta({ description: 'Id of a job, or the first characters of it' }) })

/** Starts a backfill of everything, of a collection, or of repos. */
const create = defineRoute({
  method: 'POST',
  path: '/admin/backfill',
  access: 'admin',
  operation: 'createBackfill',
  about: 'Backfill every uploaded lexicon ({}), a collection, or repos',
  body: z.record(z.string(), z.unknown()).nullish().meta({
    description: 'The params of the source: `{}`, `{collection}`, `{collection, did}` and so on; GET /api/sources describes them',
  }),
  answers: [
    { status: 201, body: started },
    { status: 200, body: started.meta({ description: 'This job already backfills the same' }) },
  ],
  async answer({ body }, context) {
    const wanted = parsed(atprotoParams, body ?? {})
    const job = await context.act('job.start', null, wanted as Json, (tx) => context.start(tx, wanted))
    return { status: job.created ? 201 : 200, body: { id: job.id, status: statusOf(job.status) } }
  },
})

/** The jobs as a bare list; what comes after it is in the header Link. */
const list = defineRoute({
  method: 'GET',
  path: '/admin/backfill/status',
  access: 'read',
  operation: 'listBackfills',
  about: 'Backfills, newest first; the header Link names the next page',
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(MAX).default(PAGE),
    cursor: z.string().max(2000).optional(),
  }),
  answers: [{ status: 200, body: z.array(status) }],
  async answer({ query: { limit, cursor } }, context) {
    const { items, next } = await context.jobs({ limit, cursor })
    const after = next === null ? undefined : `/admin/backfill/status?limit=${limit}&cursor=${encodeURIComponent(next)}`
    return { status: 200, body: items.map(shown), ...(after ? { headers: { link: `<${after}>; rel="next"` } } : {}) }
  },
})

const get = defineRoute({
  method: 'GET',
  path: '/admin/backfill/:id',
  access: 'read',
  operation: 'getBackfill',
  about: 'One backfill',
  params: jobId,
  answers: [{ status: 200, body: status }],
  answer: async ({ params: { id } }, context) => ({ status: 200, body: shown(await context.job(id)) }),
})

const VERBS = {
  cancel: 'End it; what was read stays',
  pause: 'Let it rest after the pages in hand',
  resume: 'Let it go on',
  retry: 'Try its failed repos again',
} as const

const steer = (verb: keyof typeof VERBS) =>
  defineRoute({
    method: 'POST',
    path: `/admin/backfill/:id/${verb}`,
    access: 'admin',
    operation: `${verb}Backfill`,
    about: VERBS[verb],
    params: jobId,
    answers: [{ status: 200, body: status }],
    async answer({ params: { id } }, context: RouteContext) {
      const job = await context.job(id)
      await context.steer(verb, job.id)
      return { status: 200, body: shown(await context.job(job.id)) }
    },
  })

/** Params of another version are shown as far as they are understood. */
function shown(job: RouteJob): z.input<typeof status> {
  const known = atprotoParams.safeParse(job.params)
  return statusShown(job, known.success ? known.data : undefined)
}

export const backfillRoutes = [create, list, get, ...(Object.keys(VERBS) as (keyof typeof VERBS)[]).map(steer)]
