import { z } from 'zod'
import { Fatal } from '../../backend/base/errors'
import { defineStream, type Source, type StageEnd, type Step } from '../../backend/contract'
import { startJob } from '../../backend/engine/jobs/verbs'
import { type Counting, countingSource } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * A task of a later stage is told how those of an earlier one ended.
 */

let it_: Suite
let source: Source
let told: { job: string; end: StageEnd } | undefined

beforeAll(async () => {
  const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [], laneWidth: 2 }
  source = countingSource(counting)
  source.streams.staged = defineStream<object, null, unknown>({
    queue: 'zkillboard_backfill_queue',
    cursor: z.object({}),
    async read({ key, job }: Step<object, unknown>, io) {
      if (key.startsWith('failed')) throw new Fatal('odd', `${key} is odd`)
      if (key === 'end') told = { job, end: await io.ended(1) }
      return {
        batch: null,
        next: null,
        ...(key === 'skipped' ? { skipped: 'nothing is there' } : {}),
        ...(key === 'unsure' ? { unverified: 'the count is capped' } : {}),
      }
    },
    write: async () => ({ new: 0, updated: 0, unchanged: 0 }),
  })
  const one = (key: string, lane = 'a') => ({ stream: 'staged', key, cursor: {}, lane, stage: 1 })
  counting.tasks.push(...['done', 'unsure', 'skipped', 'failed 1', 'failed 2'].map((key) => one(key)), one('failed elsewhere', 'b'), {
    ...one('end'),
    stage: 2,
  })
  it_ = await suite([source])
  await it_.worker()
}, 60_000)
afterAll(() => it_?.close())

it('by state, with the first reason of each kind, and only of its lane and stage', async () => {
  const { id } = await startJob(it_, source, { name: 'stages' })
  await until(() => told !== undefined, { what: 'the last stage is read' })
  expect(told).toEqual({
    job: id,
    end: {
      done: 2,
      skipped: 1,
      failed: 2,
      cancelled: 0,
      error: 'failed 1 is odd',
      skip: 'nothing is there',
      unverified: 'the count is capped',
    },
  })
})
