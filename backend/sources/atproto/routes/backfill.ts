import { z } from 'zod'
import type { Json } from '../../../base/json'
import { type DoorDesk, type DoorJob, defineDoor } from '../../../contract'
import { params as atprotoParams, request } from '../params'
import { status, statusOf, statusShown } from './status'

/** Jobs of one page unless told, and at most. */
const PAGE = 50
const MOST = 200

const started = z.object({ id: z.uuid(), status: z.string() })
const jobId = z.object({ id: z.string().max(64).meta({ description: 'Id of a job, or the first characters of it' }) })

/** Starts a backfill of everything, of a collection, or of repos. */
const create = defineDoor({
  method: 'POST',
  path: '/admin/backfill',
  operation: 'createBackfill',
  about: 'Backfill every uploaded lexicon ({}), a collection, or repos',
  body: z
    .record(z.string(), z.unknown())
    .nullish()
    .meta({ description: '`{}`, `{collection}`, `{collection, did}`, `{collection, dids}`; also pds, discovery, road, newOnly, validate' }),
  answers: [
    { status: 201, body: started },
    { status: 200, body: started.meta({ description: 'The same is being backfilled already, by this job' }) },
  ],
  async answer({ body }, desk) {
    const wanted = request(body ?? {})
    const job = await desk.act('job.start', null, wanted as Json, (tx) => desk.start(tx, wanted))
    return { status: job.created ? 201 : 200, body: { id: job.id, status: statusOf(job.status) } }
  },
})

/** The jobs as a bare list; what comes after it is in the header Link. */
const list = defineDoor({
  method: 'GET',
  path: '/admin/backfill/status',
  operation: 'listBackfills',
  about: 'Backfills, newest first; the header Link names the next page',
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(MOST).default(PAGE),
    cursor: z.string().max(2000).optional(),
  }),
  answers: [{ status: 200, body: z.array(status) }],
  async answer({ query: { limit, cursor } }, desk) {
    const { items, next } = await desk.jobs({ limit, cursor })
    const after = next === null ? undefined : `/admin/backfill/status?limit=${limit}&cursor=${encodeURIComponent(next)}`
    return { status: 200, body: items.map(shown), ...(after ? { headers: { link: `<${after}>; rel="next"` } } : {}) }
  },
})

const get = defineDoor({
  method: 'GET',
  path: '/admin/backfill/:id',
  operation: 'getBackfill',
  about: 'One backfill',
  params: jobId,
  answers: [{ status: 200, body: status }],
  answer: async ({ params: { id } }, desk) => ({ status: 200, body: shown(await desk.job(id)) }),
})

const VERBS = {
  cancel: 'End it; what was read stays',
  pause: 'Let it rest after the pages in hand',
  resume: 'Let it go on',
  retry: 'Try its failed repos again',
} as const

const steer = (verb: keyof typeof VERBS) =>
  defineDoor({
    method: 'POST',
    path: `/admin/backfill/:id/${verb}`,
    operation: `${verb}Backfill`,
    about: VERBS[verb],
    params: jobId,
    answers: [{ status: 200, body: status }],
    async answer({ params: { id } }, desk: DoorDesk) {
      const job = await desk.job(id)
      await desk.steer(verb, job.id)
      return { status: 200, body: shown(await desk.job(job.id)) }
    },
  })

/** Params of another version are shown as far as they are understood. */
function shown(job: DoorJob): z.input<typeof status> {
  const parsed = atprotoParams.safeParse(job.params)
  return statusShown(job, parsed.success ? parsed.data : undefined)
}

export const backfillDoors = [create, list, get, ...(Object.keys(VERBS) as (keyof typeof VERBS)[]).map(steer)]
