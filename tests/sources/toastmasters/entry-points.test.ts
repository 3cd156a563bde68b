import { toastmasters } from '../../../backend/sources/toastmasters'
import { deadQueueOf } from '../../../queues/names'
import { type Outsider, outsider } from '../../support/amqp'
import { type Served, serve } from '../../support/api'
import { command } from '../../support/cli'
import { type DashboardWorld, dashboardWorld } from '../../support/toastmasters-world'
import { until } from '../../support/until'

/* Bad input through the entry points besides REST: commands, raw messages and GraphQL. Nothing is started. */

const QUEUE = 'districts_backfill_queue'
let world: DashboardWorld
let served: Served
let amqp: Outsider
let env: Record<string, string>

beforeAll(async () => {
  world = await dashboardWorld()
  const { databaseUrl: DATABASE_URL, rabbitmqUrl: RABBITMQ_URL } = world.suite
  env = { ...world.sandbox.urls, DATABASE_URL, RABBITMQ_URL, CONTACT: 'tests@example.org' }
  served = await serve(world.suite, [toastmasters], world.sandbox.urls)
  amqp = await outsider(RABBITMQ_URL)
}, 120_000)
afterAll(async () => {
  await amqp?.close()
  await served?.close()
  await world?.close()
})
beforeEach(() => world.fresh())
afterEach(async () => expect(await world.suite.db.query('select id from backhaul.jobs')).toEqual([]))

test.each([
  ['--from-date 01/02/2024', '--from-date must be a date like 2024-01-31'],
  ['--from-date 2024-02-30', '--from-date is a day that does not exist'],
  ['--from-date 2024-01-30 --to-date 2024-01-01', '--to-date must not be before'],
  ['--from-date 2008-06-30', '--from-date must not be before 2008-07-01'],
  ['--from-date 2999-01-01', '--from-date must be before today'],
  ['--from-date 2024-01-01 --district ../etc', '--district must be the id of a district'],
  ['--from-date 2024-01-01 --district 2 02', '--district names district 02 twice'],
  ['--from-date 2024-01-01 --concurrency 0', '--concurrency must be a whole number from 1 to 10'],
  ['--from-date 2024-01-01 --concurrency 2.5', '--concurrency must be a whole number, got 2.5'],
  ['--from-date 2024-01-01 --rate-limit-delay-ms 100', '--rate-limit-delay-ms must be a whole number from 2000'],
  ['--from-date 2024-01-01 --type all', '--type must be one of auto, system-wide, per-district'],
  ['--from-date 2024-01-01 --speed 3', '--speed'],
])('yarn queue districts %s', async (line, sentence) => {
  const ran = await command(env, `queue districts ${line}`)
  expect([ran.code, ran.out]).toEqual([2, ''])
  expect(ran.err).toContain(sentence)
})

test('a dry run of a month whose list was never read says so, asks nobody and queues nothing', async () => {
  world.asked()
  const { code, out } = await command(env, 'queue districts --from-date 2024-01-01 --to-date 2024-01-25 --district 1 2 --dry-run')
  expect(code).toBe(0)
  expect(out).toContain('2024-01-01 to 2024-01-25 (25)  unknown  the list of its month is read when the job runs')
  expect(out).toContain('\n25 dates: 0 to read, 25 unknown before the work starts; 2 districts each.')
  expect(world.asked()).toEqual([])
})

test.each([
  ['not JSON', '{"startDate":', /JSON/],
  ['a date that does not exist', JSON.stringify({ startDate: '2024-02-30' }), /startDate is a day that does not exist/],
  ['too much at once', JSON.stringify({ startDate: '2024-01-01', concurrency: 11 }), /concurrency must be a whole number/],
  ['a district twice', JSON.stringify({ startDate: '2024-01-01', targetDistricts: ['2', '02'] }), /names district 02 twice/],
  ['a misspelled field', JSON.stringify({ startDate: '2024-01-01', colectionType: 'auto' }), /"colectionType is not a field; the fields/],
])('a message with %s is rejected with its reason', async (_, body, reason) => {
  amqp.channel.sendToQueue(QUEUE, Buffer.from(body))
  // One that is delivered twice, as RabbitMQ may, leaves two dead letters: those of the message before are none of this one's.
  const own = async () => {
    const found = await amqp.channel.get(deadQueueOf(QUEUE), { noAck: true })
    return found && found.content.toString() === body ? found : undefined
  }
  const dead = await until(own, { what: 'its dead letter' })
  expect(JSON.stringify(dead.properties.headers)).toMatch(reason)
})

test('GraphQL names the field', async () => {
  const query = `mutation { startBackfill(source: "toastmasters", params: { startDate: "2024-01-30", endDate: "2024-01-01" }) { created } }`
  const { body } = await served.ask('POST', '/graphql', { query })
  expect(JSON.stringify(body.errors)).toContain('endDate must not be before startDate')
  const unknown = `mutation { startBackfill(source: "toastmasters", params: { startDate: "2024-01-30", speed: 3 }) { created } }`
  expect(JSON.stringify((await served.ask('POST', '/graphql', { query: unknown })).body.errors)).toContain('speed')
})
