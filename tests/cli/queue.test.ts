import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { type Db, openDb } from '../../backend/database/db'
import { type CommandEnv, command, commandServices } from '../support/cli'
import { testEnv } from '../support/env'
import { freePort } from '../support/run'
import { until } from '../support/until'

let db: Db
let env: CommandEnv
let close: (() => Promise<void>) | undefined
let folder: string

beforeAll(async () => {
  ;({ db, env, close } = await commandServices())
  folder = mkdtempSync(join(tmpdir(), 'cli-'))
}, 120_000)

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await close?.()
})

beforeEach(() => db.tx((tx) => tx.query('truncate backhaul.jobs, backhaul.lookups cascade')))

const rows = async () => {
  const [row] = await db.query<{ n: number }>(
    'select ((select count(*) from backhaul.jobs) + (select count(*) from backhaul.tasks) + (select count(*) from backhaul.lookups))::int as n',
  )
  return row?.n
}
const jobs = () =>
  db.query<{ id: string; params: { options?: object }; priority: number; active_key: string | null }>(
    'select id, params, priority, active_key from backhaul.jobs order by created_at, active_key',
  )

/** Refused: one line on stderr, nothing on stdout, nothing queued. */
async function refuses(line: string, code: number, ...says: (string | RegExp)[]): Promise<void> {
  const ran = await command(env, line)
  expect({ code: ran.code, out: ran.out, lines: ran.err.split('\n').length, line }).toEqual({ code, out: '', lines: 1, line })
  for (const text of says) expect(ran.err).toMatch(text)
  expect(await rows()).toBe(0)
}

describe('bad input queues nothing and is answered in one line', () => {
  test.each([
    ['abc', 'whole number'],
    ['0', 'greater than zero'],
    ['-5', 'greater than zero'],
    ['1.5', 'whole number'],
    ['99999999999999999999', 'too large'],
    ['1e3x', 'whole number'],
  ])('the id %s', async (id, fault) => {
    for (const name of ['character-killmails', 'zkillboard', 'character']) {
      await refuses(`queue ${name} 2117325769 ${id} 95465499`, 2, 'character id', fault, 'argument 2', `"${id}"`, 'Nothing was queued')
    }
  })

  test.each([
    ['--from-date 2023-02-30', '--from-date', 'does not exist'],
    ['--from-date yesterday', '--from-date', '2023-01-31'],
    ['--from-date 2023-05-01 --to-date 2023-04-01', '--from-date', '--to-date'],
    ['--limit 0', '--limit', '1 to 200'],
    ['--limit 201', '--limit', '1 to 200'],
    ['--limit ten', '--limit', 'ten'],
    ['--limit -1', '--limit', '1 to 200'],
    ['--max-pages 0', '--max-pages', '1 or more'],
    ['--priority 10', '--priority', 'backfill'],
    ['--priority soon', '--priority', '0 to 9'],
    ['--form-date 2023-01-01', '--form-date', 'Did you mean --from-date'],
    ['--limit', '--limit', 'argument missing'],
  ])('the option %s', (options, ...says) => refuses(`queue character-killmails 2117325769 ${options}`, 2, ...says))

  test('an unknown command, a missing id, an id where none is accepted', async () => {
    await refuses('queue character-killmail 1', 2, 'Did you mean character-killmails')
    await refuses('queue character-killmails', 2, 'No ids given')
    await refuses('queue killmail-values 5', 2, 'too many arguments')
  })

  test('a bad id of a file is named with its line, and the others count', async () => {
    const file = join(folder, 'ids.txt')
    writeFileSync(file, '\uFEFF# ours\r\n2117325769, 95465499\r\nabc 7 # and no more\r\n0\r\n')
    await refuses(`queue character-killmails --file ${file}`, 2, `${file}, line 3`, '"abc"', 'and 1 more')
    writeFileSync(file, '# nothing yet\n')
    await refuses(`queue character-killmails --file ${file}`, 2, 'contains none')
    await refuses(`queue character-killmails --file ${folder}/none.txt`, 2, 'does not exist')
    await refuses(`queue character-killmails --file ${folder}`, 2, 'cannot read')
    await refuses('queue character-killmails -', 2, 'standard input contains none')
  })
})

describe('settings and services that are wrong', () => {
  const closed = async () => `127.0.0.1:${await freePort()}`
  const changed = (url: string, change: (it: URL) => void) => {
    const it = new URL(url)
    change(it)
    return it.toString()
  }
  const refusesWith = async (more: Record<string, string>, ...says: (string | RegExp)[]) => {
    const before = env
    env = { ...env, ...more }
    try {
      for (const line of ['queue character-killmails 2117325769', 'queue character 2117325769']) await refuses(line, 78, ...says)
    } finally {
      env = before
    }
  }

  test('a real API without CONTACT', () => refusesWith({ CONTACT: '' }, 'CONTACT is not set'))
  test('all faults of the settings at once', () =>
    refusesWith(
      { LIMITS: '{', RABBITMQ_URL: 'http://x', TURN_SECONDS: 'no' },
      'Invalid settings: ',
      'LIMITS',
      'RABBITMQ_URL',
      'TURN_SECONDS',
    ))

  test('the database is down, refuses the password, does not exist, or its host is unknown', async () => {
    const host = await closed()
    await refusesWith({ DATABASE_URL: changed(env.DATABASE_URL as string, (it) => (it.host = host)) }, `No PostgreSQL answers at ${host}`)
    const wrong = changed(env.DATABASE_URL as string, (it) => (it.password = 'guessed'))
    await refusesWith({ DATABASE_URL: wrong }, 'refuses the password of backhaul', /^(?!.*guessed)/)
    await refusesWith(
      { DATABASE_URL: changed(env.DATABASE_URL as string, (it) => (it.pathname = '/nowhere')) },
      'nowhere',
      'does not exist',
    )
    await refusesWith({ DATABASE_URL: changed(env.DATABASE_URL as string, (it) => (it.hostname = 'no-such-host.invalid')) }, 'is unknown')
  })

  test('the schema is not migrated', async () => {
    const other = await testEnv()
    const bare = openDb(other.databaseUrl)
    try {
      await bare.query('drop schema backhaul cascade')
      await refusesWith({ DATABASE_URL: other.databaseUrl }, 'run yarn migrate')
    } finally {
      await bare.close()
      await other.close()
    }
  })

  test('only the broker is down or refuses us: the work is stored, reported, and exits 0', async () => {
    const down = changed(env.RABBITMQ_URL as string, (it) => (it.port = '1'))
    const refused = changed(env.RABBITMQ_URL as string, (it) => (it.password = 'guessed'))
    for (const [at, url] of [down, refused].entries()) {
      const ran = await command({ ...env, RABBITMQ_URL: url }, `queue character-killmails ${at + 1}`)
      expect({ code: ran.code, lines: ran.err.split('\n').length }).toEqual({ code: 0, lines: 1 })
      expect(ran.err).toMatch(/RabbitMQ at .* The job is stored in the database/)
      expect(ran.err).not.toContain('guessed')
    }
    expect(await jobs()).toHaveLength(2)
    const asked = await command({ ...env, RABBITMQ_URL: down }, 'queue character 7 --json')
    expect(asked.code).toBe(0)
    expect(JSON.parse(asked.out)).toEqual({ lookup: 'character', ids: ['7'], broker: expect.stringContaining('RabbitMQ at') })
  })
})

describe('what is queued', () => {
  test('one job for each id, and a wake-up for each on its queue', async () => {
    const ran = await command(
      env,
      'queue character-killmails 1 2 2 3 --limit 50 --max-pages 4 --from-date 2023-01-01 --losses --no-skip-existing',
    )
    expect(ran).toEqual({ code: 0, err: '', out: expect.stringMatching(/^(job [0-9a-f]{8} queued: killmails:characterID:\d.*\n?){3}$/) })
    const queued = await jobs()
    expect(queued.map((job) => job.params)).toEqual(
      ['1', '2', '3'].map((id) =>
        expect.objectContaining({
          characterId: Number(id),
          options: { limit: 50, maxPages: 4, fromDate: '2023-01-01', losses: true, skipExisting: false },
        }),
      ),
    )
    expect(new Set(queued.map((job) => job.priority))).toEqual(new Set([2]))
    // With no worker there are wake-ups for two deliveries at once.
    await until(async () => (await depth('zkillboard_backfill_queue')) === 2, { what: 'wake-ups on the queue' })
  })

  test('what is active already is named, and --force starts another beside it', async () => {
    const [first] = JSON.parse((await command(env, 'queue character-killmails 1 --json')).out).jobs
    const again = await command(env, 'queue character-killmails 1 --limit 7')
    expect(again).toEqual({ code: 0, err: '', out: expect.stringContaining(`job ${first.id.slice(0, 8)} is already queued`) })
    const repeated = JSON.parse((await command(env, 'queue character-killmails 1 --json')).out)
    expect(repeated).toEqual({ jobs: [{ ...first, created: false }], broker: null })
    const forced = JSON.parse((await command(env, 'queue character-killmails 1 --force --json')).out)
    expect(forced.jobs[0]).toMatchObject({ created: true })
    expect((await jobs()).map((job) => job.active_key)).toEqual(expect.arrayContaining([null, expect.stringContaining('characterID:1')]))
  })

  test('ids come from a file and from standard input too, each once', async () => {
    const file = join(folder, 'more.txt')
    writeFileSync(file, '5;6\n')
    await command(env, `queue corporation-killmails 5 - --file ${file}`, '8 # nine\n0007,7\n')
    expect((await jobs()).map((job) => (job.params as { corporationId?: number }).corporationId).sort()).toEqual([5, 6, 7, 8])
  })

  test('priorities by number and by name; a live command is live by itself', async () => {
    await command(env, 'queue character-killmails 1 --priority 9')
    await command(env, 'queue character-killmails 2 --priority asked')
    await command(env, 'queue zkillboard 3')
    expect((await jobs()).map((job) => job.priority)).toEqual([9, 1, 0])
  })

  test('lookups are asked for, no job is made', async () => {
    const ran = await command(env, 'queue type 587 34')
    expect(ran).toEqual({ code: 0, err: '', out: '2 type ids queued on esi_type_info_queue' })
    expect(await db.query('select kind, id, priority from backhaul.lookups order by id')).toEqual([
      { kind: 'type', id: '34', priority: 1 },
      { kind: 'type', id: '587', priority: 1 },
    ])
    expect(await jobs()).toEqual([])
  })

  test('a dry run shows tasks, requests and time at the limits in force, needs neither CONTACT nor services, and queues nothing', async () => {
    const line = 'queue character-killmails 1 2 --from-date 2023-01-01 --to-date 2023-12-31 --dry-run'
    const before = JSON.parse((await command({}, `${line} --json`)).out)
    const [zkillboard] = before.apis
    expect(zkillboard).toMatchObject({ name: 'zkillboard', leastMs: (zkillboard.requests - 1) * 10_000 })
    const after = JSON.parse((await command({ LIMITS: '{"zkillboard":{"spacingMs":500}}' }, `${line} --json`)).out)
    expect(after.apis[0]).toMatchObject({ requests: zkillboard.requests, leastMs: (zkillboard.requests - 1) * 500 })
    const text = await command(env, line)
    expect(text.out).toMatch(/Nothing was queued\.$/)
    expect((await command(env, 'queue type 1 2 --dry-run')).out).toMatch(/2 type ids .* Nothing was queued\.$/)
    expect(await rows()).toBe(0)
  })
})

async function depth(queue: string): Promise<number> {
  const connection = await connect(env.RABBITMQ_URL)
  try {
    return (await (await connection.createChannel()).checkQueue(queue)).messageCount
  } finally {
    await connection.close()
  }
}
