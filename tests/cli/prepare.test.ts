import { z } from 'zod'
import { Refused } from '../../backend/base/errors'
import { defineSource, type PreviewPart, type Source } from '../../backend/contract'
import type { Db } from '../../backend/database/db'
import { askedOf } from '../../backend/service/base/form'
import { sources } from '../../backend/sources'
import { type CommandEnv, command, commandServices } from '../support/cli'
import { countingSource, countingTask } from '../support/counting-source'

/* A command of a source that resolves at the start what was asked. */

interface Params {
  name: string
  lastDays: number
  from?: string
}

const toy = defineSource<Params>({
  ...(countingSource({ pages: 1, rowsPerPage: 1, tasks: [countingTask('a')] }) as unknown as Source<Params>),
  commands: { 'count days': { about: 'Counts days', queue: 'zkillboard_backfill_queue', options: true, preset: { name: 'cli' } } },
  requests: {},
  params: z.object({
    name: z.string(),
    lastDays: z.number().int().default(1).meta({ title: 'Days', description: 'How many days', flag: '--last-days <n>' }),
    from: z.string().optional().meta({ prepared: true }),
  }),
  async prepare(db, asked) {
    if (asked.lastDays > 30) throw new Refused('input', 'lastDays must be 30 at most, as many as are kept.', 'lastDays')
    const [row] = await db.query<{ from: string }>('select (current_date - $1::int)::text as from', [asked.lastDays])
    return { ...asked, from: row?.from }
  },
  async preview({ inFlight }, { lastDays }) {
    const others = await inFlight('count', ['a'])
    const parts = Array.from({ length: lastDays }, (_, day): PreviewPart => {
      const name = `day ${day + 1}`
      if (day < 2) return { name, isRead: false, kind: others.has('a') ? 'in flight' : 'exists', reason: 'it is stored' }
      return day % 2 === 0 ? { name, isRead: true } : { name, isRead: null, reason: 'nobody knows' }
    })
    return { unit: 'day', parts, each: { page: 1, row: null } }
  },
  plan: ({ from }) => ({ tasks: [countingTask('a')], activeKey: `days from ${from}`, estimate: { requests: {} } }),
})
toy.requests = { zkillboard_backfill_queue: toy.params }

let db: Db
let env: CommandEnv
let close: (() => Promise<void>) | undefined

beforeAll(async () => {
  ;(sources as Source[]).unshift(toy as unknown as Source)
  ;({ db, env, close } = await commandServices())
}, 60_000)
afterAll(async () => {
  ;(sources as Source[]).shift()
  await close?.()
})

const paramsKept = async () => (await db.query<{ params: Params }>('select params from backhaul.jobs')).map(({ params }) => params)
const daysAgo = async (days: number) =>
  (await db.query<{ day: string }>('select (current_date - $1::int)::text as day', [days]))[0]?.day as string

test('a dry run shows what it would start, and keeps nothing', async () => {
  const { code, out } = await command(env, 'queue count days --last-days 3 --dry-run')
  expect([code, out]).toEqual([0, expect.stringContaining(`days from ${await daysAgo(3)}: 1 first task`)])
  expect(await paramsKept()).toEqual([])
})

test('a dry run lists what it would read and what not, with reasons and totals', async () => {
  expect((await command(env, 'queue count days --last-days 5 --dry-run')).out.split('\n').slice(1, 7)).toEqual([
    'day                 read     why not',
    'day 1 to day 2 (2)  no       exists: it is stored',
    'day 3               yes',
    'day 4               unknown  nobody knows',
    'day 5               yes',
    '5 days: 2 to read, 2 not to read (2 exists), 1 unknown before the work starts; 1 page each; number of rows unknown before the work starts.',
  ])
  const { jobs } = JSON.parse((await command(env, 'queue count days --last-days 1 --dry-run --json')).out)
  expect(jobs[0].preview).toEqual({
    unit: 'day',
    parts: [{ name: 'day 1', isRead: false, kind: 'exists', reason: 'it is stored' }],
    each: { page: 1, row: null },
  })
})

test('a long list is cut', async () => {
  const { out } = await command(env, 'queue count days --last-days 30 --dry-run')
  expect(out).toContain('day 21              yes\n… and 9 more days\n30 days: 14 to read')
})

test('a start keeps what was prepared', async () => {
  const { code, out } = await command(env, 'queue count days --last-days 3')
  expect([code, out]).toEqual([0, expect.stringContaining(`days from ${await daysAgo(3)}`)])
  expect(await paramsKept()).toEqual([{ name: 'cli', lastDays: 3, from: await daysAgo(3) }])
})

test.each(['', ' --dry-run'])('what is refused then names the option (%s)', async (more) => {
  const { code, out, err } = await command(env, `queue count days --last-days 31${more}`)
  expect({ code, out, err }).toEqual({
    code: 2,
    out: '',
    err: expect.stringContaining('--last-days must be 30 at most, as many as are kept.'),
  })
})

test('an option that only the source sets is none', async () => {
  const { out } = await command(env, 'queue count days --help')
  expect(out).toContain('--last-days')
  expect(out).not.toContain('from')
})

test('people see the request as it was sent: what the source resolved is left out', async () => {
  await command(env, 'queue count days --last-days 4')
  const [job] = await db.query<{ source: string; params: never }>(
    'select source, params from backhaul.jobs order by created_at desc limit 1',
  )
  expect(job?.params).toMatchObject({ from: await daysAgo(4) })
  expect(askedOf(sources, job as never)).toEqual({ name: 'cli', lastDays: 4 })
})
