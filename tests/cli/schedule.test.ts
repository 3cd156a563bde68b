import type { Db } from '../../backend/database/db'
import { begin, type CommandEnv, command, ownServices, type Ran } from '../support/cli'

let db: Db
let env: CommandEnv
ownServices((own) => ({ db, env } = own))

beforeEach(() => db.tx((tx) => tx.query('truncate backhaul.jobs, backhaul.schedules, backhaul.actions cascade')))

const PARAMS = '{"characterId":2117325769}'
/** Words with spaces of their own. */
const words = (...line: string[]): Promise<Ran> => begin(env, ['schedule', ...line]).ended
const add = (...more: string[]) => words('add', 'nightly', '--source', 'eve', '--params', PARAMS, ...more)

test('a schedule is added, shown, changed, paused, resumed, run and removed, and each is kept with who did it', async () => {
  const { code, out, err } = await add('--cron', '0 3 * * *', '--time-zone', 'Europe/Berlin', '--jitter', '300', '--missed', 'make-up')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/cron +0 3 \* \* \* in Europe\/Berlin, each job up to 300 s after its tick\nmissed ticks +made up/)
  expect(out.slice(out.indexOf('next ticks')).match(/0[12]:00:00 UTC/g)).toHaveLength(5)
  expect((await words('list')).out).toMatch(/nightly +0 3 \* \* \* +Europe\/Berlin +eve/)
  expect((await words('change', 'nightly', '--cron', '@hourly', '--jitter', '0')).out).toMatch(/cron +@hourly in Europe\/Berlin\n/)
  expect((await words('pause', 'nightly')).out).toMatch(/next job +paused; to continue: yarn schedule resume nightly/)
  expect((await words('list')).out).toMatch(/paused/)
  expect(JSON.parse((await words('resume', 'nightly', '--json')).out)).toMatchObject({ paused: false, missed: 'make_up', jitterS: 0 })
  expect((await words('run', 'nightly')).out).toMatch(/^job [0-9a-f]{8} queued: /)
  expect(JSON.parse((await words('run', 'nightly', '--json')).out)).toMatchObject({
    jobs: [{ created: false, status: 'queued' }],
    broker: null,
  })
  expect((await words('remove', 'nightly')).out).toMatch(/removed/)
  expect(await command(env, 'schedule list')).toMatchObject({ code: 0, out: expect.stringMatching(/^No schedules\. Add one with/) })
  const done = await db.query<{ verb: string }>(
    `select verb from backhaul.actions where entry_point = 'cli' and outcome = 'done' order by id`,
  )
  expect(done.map((row) => row.verb.replace('schedule.', ''))).toEqual(['add', 'change', 'pause', 'resume', 'run', 'run', 'remove'])
})

test.each([
  [['--cron', '0 0 30 2 *'], /^--cron: "0 0 30 2 \*" never fires/],
  [['--cron', '0 3 * *'], /^--cron: .*five fields/],
  [['--cron', '@daily', '--jitter', 'much'], /^--jitter: must be a whole number of seconds/],
  [['--cron', '@daily', '--jitter', '-1'], /^--jitter: must be/],
  [['--cron', '@daily', '--time-zone', 'Mars'], /^--time-zone: there is no time zone "Mars"/],
  [['--cron', '@daily', '--missed', 'perhaps'], /^--missed: must be skip or make_up/],
  [['--cron', '@daily', '--source', 'telepathy'], /there are eve/],
  [['--cron', '@daily', '--params', '{'], /^--params is not valid JSON/],
  [['--cron', '@daily', '--params', '{"characterId":-1}'], /characterId must be greater than zero/],
  [['--cron', '@daily', '--params', '{"charakterId":1}'], /no field "charakterId"/],
  [[], /required option '--cron/],
])('add %j is refused in one line', async (more, text) => {
  const { code, out, err } = await add(...more)
  expect({ code, out, lines: err.split('\n').length }).toEqual({ code: 2, out: '', lines: 1 })
  expect(err).toMatch(text)
})

test('a second one of the name, and one that is not there', async () => {
  await add('--cron', '@daily')
  expect(await add('--cron', '@daily')).toMatchObject({ code: 1, err: expect.stringContaining('"nightly" already') })
  expect(await words('show', 'weekly')).toMatchObject({ code: 2, err: expect.stringContaining('There is no schedule "weekly"') })
  expect(await words('change', 'nightly')).toMatchObject({ code: 2, err: expect.stringContaining('Nothing to change') })
})
