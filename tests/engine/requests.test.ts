import { listDead, replayDead } from '../../queues/dead'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { withBroker } from '../support/own'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * Anybody may publish to a named queue. What can be understood becomes a job, once; the rest is rejected with a reason.
 */

const QUEUE = 'zkillboard_backfill_queue'
const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [] }
let it_: Suite

const publish = (body: unknown, messageId?: string) =>
  it_.broker.publish([
    { queue: QUEUE, body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), messageId },
  ])
const jobsNamed = (name: string) =>
  it_.db.query<{ id: string; status: string }>(`select id, status from backhaul.jobs where params->>'name' = $1`, [name])
const deadWith = (word: string) =>
  until(async () => (await listDead(it_.rabbitmqUrl, QUEUE)).find((letter) => letter.reason.includes(word)), {
    what: `a dead letter about ${word}`,
  })

beforeAll(async () => {
  it_ = await suite([countingSource(counting)])
  await createCounted(it_.db)
  await it_.worker()
})
afterAll(() => it_.close())
beforeEach(() => {
  counting.tasks = [countingTask(`${Math.random()}`)]
})

it('starts the same job as the script, also wrapped, with fields it does not know', async () => {
  const wrapped = { data: { name: 'wrapped' }, timestamp: '2026-01-01T00:00:00Z', messageId: 'w-1' }
  for (const [name, body] of Object.entries({ plain: { name: 'plain', extra: true }, wrapped })) {
    counting.tasks = [countingTask(name)]
    await publish(body)
    const job = await until(async () => (await jobsNamed(name))[0], { what: `the job ${name}` })
    expect(await it_.ended(job.id)).toBe('completed')
  }
})

it('makes one job of one message id, however often and however late it comes', async () => {
  await publish({ name: 'once' }, 'id-1')
  const job = await until(async () => (await jobsNamed('once'))[0])
  await it_.ended(job.id)
  counting.tasks = [countingTask('again')]
  await publish({ name: 'once' }, 'id-1')
  await publish({ name: 'marker' })
  await it_.ended((await until(async () => (await jobsNamed('marker'))[0])).id)
  expect(await jobsNamed('once')).toHaveLength(1)
})

it('refuses a message id that was used for something else', async () => {
  await publish({ name: 'first' }, 'id-2')
  await until(async () => (await jobsNamed('first'))[0])
  await publish({ name: 'second' }, 'id-2')
  expect((await deadWith('used before')).reason).toContain('id-2')
  expect(await jobsNamed('second')).toHaveLength(0)
})

const unreadable: [string, unknown, string][] = [
  ['no JSON', '{"name": ', 'JSON'],
  ['not an object', '[1, 2]', 'object'],
  ['a missing field', { other: 1 }, 'name'],
  ['ids where none are taken', { ids: [1] }, 'ids'],
  ['2 MB', Buffer.alloc(2 * 1024 * 1024, 'x'), 'bytes'],
]
const rejectsIt = async (_: string, body: unknown, word: string) => {
  await publish(body)
  await deadWith(word)
  await publish({ name: `after ${word}` })
  await until(async () => (await jobsNamed(`after ${word}`))[0])
}
it.each(unreadable)('rejects %s and goes on', rejectsIt)
withBroker.each([['20 MB', Buffer.alloc(20 * 1024 * 1024, 'x'), '20971520 bytes']])('rejects %s and goes on', rejectsIt)

it('replays what was rejected', async () => {
  await publish({ name: 'first', other: 'body' }, 'id-2')
  const letter = await until(async () => (await listDead(it_.rabbitmqUrl, QUEUE)).find((one) => String(one.body).includes('other')))
  // A list that has just ended may still be releasing letters.
  await until(() => replayDead(it_.rabbitmqUrl, { id: letter.id }), { what: 'the replay' })
  const again = await until(async () =>
    (await listDead(it_.rabbitmqUrl, QUEUE)).find((one) => String(one.body).includes('other') && one.id !== letter.id),
  )
  expect(again.reason).toContain('used before')
})
