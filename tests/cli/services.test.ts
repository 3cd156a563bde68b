import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Db, openDb } from '../../backend/database/db'
import { databaseOf } from '../../backend/database/url'
import { createGate } from '../../backend/gate/gate'
import { effectiveLimits } from '../../backend/gate/limits'
import { deploy } from '../../backend/migrate'
import { sources } from '../../backend/sources'
import { openBroker } from '../../queues/broker'
import { bury } from '../../queues/dead'
import { serve } from '../support/api'
import { begin, type CommandEnv, command, ownServices } from '../support/cli'
import { testEnv } from '../support/env'
import { withPostgres } from '../support/own'
import { freePort } from '../support/run'
import { quiet } from '../support/suite'
import { until } from '../support/until'

let db: Db
let env: CommandEnv
ownServices((own) => ({ db, env } = own))

interface Finding {
  check: string
  state: string
  text: string
}

async function diagnosis(more: Record<string, string> = {}, options = ''): Promise<{ code: number; ok: boolean; findings: Finding[] }> {
  const { code, out } = await command({ ...env, ...more }, `doctor --json ${options}`)
  return { code, ...JSON.parse(out) }
}
const states = (findings: Finding[], check: string) => [
  ...new Set(findings.filter((found) => found.check === check).map((found) => found.state)),
]
const textOf = (findings: Finding[], check: string) => findings.find((found) => found.check === check && found.state !== 'ok')?.text

describe('doctor', () => {
  test('names nothing but warnings where only the processes are missing', async () => {
    const { code, ok, findings } = await diagnosis()
    expect({ code, ok }).toEqual({ code: 0, ok: true })
    for (const check of ['node', 'settings', 'contact', 'limits', 'database', 'migrations', 'broker', 'topology'])
      expect(states(findings, check)).toEqual(['ok'])
    for (const check of ['consumers', 'workers', 'scheduler']) expect(states(findings, check)).toEqual(['warning'])
    expect(textOf(findings, 'consumers')).toMatch(/zkillboard_backfill_queue: no consumer; .*--only worker-backfill/)
  })

  test('a scheduler that is missing while workers run is a fault', async () => {
    await db.query(
      `insert into backhaul.workers (id, app, host, pid, queues, concurrency) values ('w', 'worker-backfill', 'h', 1, '{q}', 4)`,
    )
    expect(await diagnosis()).toMatchObject({ code: 1, ok: false })
    const scheduler = openDb(env.DATABASE_URL, { name: 'scheduler lock', max: 1 })
    await scheduler.query('select 1')
    expect(await diagnosis()).toMatchObject({ code: 0, ok: true })
    await scheduler.close()
    await db.query(`update backhaul.workers set heartbeat_at = now() - interval '1 minute'`)
    const late = await diagnosis()
    expect(late.code).toBe(0)
    expect(textOf(late.findings, 'workers')).toMatch(/no heartbeat for 1 min/)
    await db.tx((tx) => tx.query('truncate backhaul.workers'))
  })

  test.each([
    ['CONTACT', { CONTACT: '' }, 'contact', /CONTACT is not set/],
    ['LIMITS that name nobody', { LIMITS: '{"zkilboard":{"spacingMs":1}}' }, 'limits', /"zkilboard", which no source has/],
    ['settings that cannot be read', { LIMITS: '[' }, 'settings', /LIMITS is not JSON/],
  ])('%s', async (_, more, check, text) => {
    const { code, findings } = await diagnosis(more)
    expect(code).toBe(1)
    expect(textOf(findings, check)).toMatch(text)
  })

  test('services that are unreachable; what needs them is skipped', async () => {
    const closedHost = `127.0.0.1:${await freePort()}`
    const { code, findings } = await diagnosis({
      DATABASE_URL: `postgresql://u:never-shown@${closedHost}/x`,
      RABBITMQ_URL: `amqp://u:never-shown@${closedHost}`,
    })
    expect(code).toBe(1)
    for (const check of ['database', 'broker']) expect(textOf(findings, check)).toContain(closedHost)
    for (const check of ['migrations', 'topology', 'consumers', 'workers', 'scheduler'])
      expect(states(findings, check)).toEqual(['skipped'])
    expect(JSON.stringify(findings)).not.toContain('never-shown')
  })

  test('tables that are missing or differ', async () => {
    const other = await testEnv()
    const changed = openDb(other.databaseUrl)
    try {
      await changed.query('alter table backhaul.jobs add column extra text')
      const drifted = await diagnosis({ DATABASE_URL: other.databaseUrl })
      expect(drifted.code).toBe(1)
      expect(textOf(drifted.findings, 'migrations')).toContain('differ from prisma/schema')
      await changed.query('drop table _prisma_migrations')
      expect(textOf((await diagnosis({ DATABASE_URL: other.databaseUrl })).findings, 'migrations')).toContain('run yarn migrate')
    } finally {
      await changed.close()
      await other.close()
    }
  })

  withPostgres('a database on a Unix socket is one like any other', async () => {
    const admin = openDb(Object.assign(new URL(env.DATABASE_URL), { username: 'postgres' }).href, { max: 1 })
    const [folder] = await admin.query<{ unix_socket_directories: string }>('show unix_socket_directories')
    await admin.close()
    const { username, password, pathname, port } = new URL(env.DATABASE_URL)
    const socket = `postgresql://${username}:${password}@${pathname}?host=${folder?.unix_socket_directories}&port=${port}`
    const { code, findings } = await diagnosis({ DATABASE_URL: socket })
    expect({ code, migrations: states(findings, 'migrations') }).toEqual({ code: 0, migrations: ['ok'] })
    expect(findings).toContainEqual(
      expect.objectContaining({ check: 'settings', text: expect.stringContaining(`at ${folder?.unix_socket_directories}`) }),
    )
    expect(await command({ ...env, DATABASE_URL: socket }, 'queue character-killmails 4')).toMatchObject({ code: 0 })
    expect(await deploy(socket)).toEqual([])
    const nowhere = await command({ ...env, DATABASE_URL: 'postgresql://u:p@/d?host=/no/such/folder' }, 'jobs list')
    expect(nowhere).toEqual({
      code: 78,
      out: '',
      err: expect.stringMatching(/^There is no PostgreSQL socket in \/no\/such\/folder: [^\n]*$/),
    })
  })

  test('a database that accepts no writes, as every entry point says', async () => {
    const other = await testEnv()
    const own = { ...env, DATABASE_URL: other.databaseUrl, RABBITMQ_URL: other.rabbitmqUrl }
    const changed = openDb(other.databaseUrl)
    await changed.query(`alter database "${databaseOf(other.databaseUrl)}" set default_transaction_read_only = on`)
    await changed.close()
    const served = await serve(other, sources)
    try {
      const { code, findings } = await diagnosis(own)
      expect(code).toBe(1)
      expect(textOf(findings, 'database')).toMatch(/accepts no writes, because default_transaction_read_only is on: reset it/)
      const queued = await command(own, 'queue character-killmails 1')
      expect(queued).toEqual({
        code: 78,
        out: '',
        err: expect.stringMatching(/^The database accepts no writes now: it is a hot standby .*$/),
      })
      const ready = await served.ask('GET', '/readyz')
      expect(ready).toMatchObject({ status: 503, body: { status: 'not ready', database: expect.stringContaining('accepts no writes') } })
      const asked = await served.ask('POST', '/api/jobs', { source: 'eve', params: { characterId: 1 } })
      expect(asked).toMatchObject({ status: 503, body: { detail: expect.stringContaining('accepts no writes') } })
    } finally {
      await served.close()
      await other.close()
    }
  })

  describe('--live', () => {
    let server: Server
    let answers = 200
    const asked: string[] = []
    beforeAll(async () => {
      server = createServer((request, response) => {
        asked.push(`${request.url} ${request.headers['user-agent']}`)
        response
          .writeHead(answers, { 'content-type': request.url?.startsWith('/t') ? 'text/html' : 'application/json' })
          .end('{"players": 1}')
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    })
    afterAll(() => new Promise((resolve) => server.close(resolve)))
    const live = () => {
      const { port } = server.address() as { port: number }
      const at = (path: string) => `http://127.0.0.1:${port}/${path}`
      const urls = {
        ZKILLBOARD_URL: at('z'),
        ESI_URL: at('e'),
        ATPROTO_RELAY_URL: at('r'),
        PLC_URL: at('p'),
        ATPROTO_HANDLE_URL: at('h'),
        TOASTMASTERS_URL: at('t'),
      }
      return diagnosis({ ...urls, ALLOW_PRIVATE_HOSTS: 'true', LIMITS: '{"zkillboard":{"spacingMs":1}}' }, '--live')
    }

    test('asks each API once, through the gate, and says who we are', async () => {
      const { code, ok, findings } = await live()
      expect({ code, ok }).toEqual({ code: 0, ok: true })
      const paths = ['^/z/', '^/e/status', '^/r/xrpc/.*listHosts', '^/p/did:plc:', '^/h/xrpc/.*resolveHandle', '^/t/Default.aspx']
      expect(asked.map((line) => line.split(' ')[0])).toEqual(paths.map((path) => expect.stringMatching(path)))
      // Its hosts are named by data.
      expect(findings.filter(({ check, state }) => check === 'live' && state === 'skipped')).toEqual([
        expect.objectContaining({ text: expect.stringMatching(/^pds:/) }),
        // Without its token nothing is sent.
        expect.objectContaining({ text: expect.stringMatching(/^BACKPACK_TF_TOKEN is not set/) }),
        expect.objectContaining({ text: expect.stringMatching(/^steam:/) }),
        // Whatever they answer needs an account: yarn accounts check asks.
        ...['etsy', 'shopify', 'shopify_files', 'printify'].map((name) =>
          expect.objectContaining({ text: `${name}: has no cheap request to send` }),
        ),
      ])
      for (const line of asked) expect(line).toContain('tests@example.org')
      expect(await db.query('select name, granted::int from backhaul.gates where granted > 0 order by name')).toEqual([
        { name: 'esi', granted: 1 },
        { name: 'handles', granted: 1 },
        { name: 'plc', granted: 1 },
        { name: 'relay', granted: 1 },
        { name: 'toastmasters', granted: 1 },
        { name: 'zkillboard', granted: 1 },
      ])
    })

    test('an API that fails is a fault with its address', async () => {
      answers = 500
      const { code, findings } = await live()
      expect(code).toBe(1)
      expect(textOf(findings, 'live')).toMatch(/zkillboard: http:\/\/127\.0\.0\.1:\d+\/z\/.*500/)
    })
  })
})

test('gates show each limit, and what is used of it', async () => {
  await db.tx((tx) => tx.query('truncate backhaul.gates cascade'))
  const gate = createGate(db, effectiveLimits(sources, {}))
  const grant = await gate.acquire([{ api: 'esi' }, { api: 'esi.killmail', cost: 5 }], 'backfill')
  await gate.settle(grant, { sent: true, ok: true } as never)
  await gate.acquire([{ api: 'zkillboard' }], 'backfill')
  const shown = JSON.parse((await command(env, 'gates --json')).out) as { name: string }[]
  const named = (name: string) => shown.find((one) => one.name === name)
  expect(named('esi.killmail')).toMatchObject({ limit: { requests: 3600, perMs: 900_000 }, used: { requests: 5 } })
  expect(named('zkillboard')).toMatchObject({ limit: { spacingMs: 10_000 }, granted: '1', inFlight: 1 })
  const { out } = await command(env, 'gates')
  expect(out).toMatch(/^gate +state +limit .* granted +waits +throttled$/m)
  expect(out).toMatch(/esi\.killmail +ready +3,600 tokens in 15 min +5 of 3,600/)
  expect(out).toMatch(/zkillboard +ready +one every 10 s, 1 at once +1 +in \d+ s/)
  await db.query(`update backhaul.gate_windows set ends = array(select e - 2000000 from unnest(ends) e)`)
  await db.query(
    `update backhaul.gates set blocked_until = now() + interval '1 minute', blocked_reason = 'error limit reached (420)' where name = 'esi'`,
  )
  const later = await command({ ...env, LIMITS: '{"zkillboard":{"spacingMs":500}}' }, 'gates')
  expect(later.out).toMatch(/esi\.killmail .* 0 of 3,600/)
  expect(later.out).toMatch(/esi +blocked +.*blocked until .* UTC: error limit reached \(420\)/)
  expect(later.out).toContain('one every 500 ms')
  await db.query(`update backhaul.gates set failures = 5, open_until = now() + interval '1 minute', waits = 134 where name = 'zkillboard'`)
  const tripped = await command(env, 'gates')
  expect(tripped.out).toMatch(/zkillboard +tripped +.*tripped after 5 failures, next try in .* 1 +134 +0$/m)
  expect(JSON.parse((await command(env, 'gates --json')).out)).toContainEqual(
    expect.objectContaining({ name: 'zkillboard', state: 'tripped', waits: '134', throttled: '0' }),
  )
})

describe('dead', () => {
  const list = async (options = '') =>
    JSON.parse((await command(env, `dead list --json ${options}`)).out) as { id: string; queue: string; body: string }[]

  beforeAll(async () => {
    const broker = openBroker({ url: env.RABBITMQ_URL, name: 'test', log: quiet })
    await broker.ready()
    const set = (queue: 'zkillboard_backfill_queue' | 'zkillboard_character_queue', body: string) =>
      bury(broker, { queue, body: Buffer.from(body) }, `${body} is not JSON`)
    expect([
      await set('zkillboard_backfill_queue', 'one'),
      await set('zkillboard_character_queue', 'two'),
      await set('zkillboard_character_queue', 'three'),
    ]).toEqual([true, true, true])
    await broker.close()
  })

  test('list, show, replay and drop', async () => {
    const all = await until(async () => ((await list()).length === 3 ? await list() : undefined), { what: 'three dead letters' })
    expect(all.map((letter) => letter.body).sort()).toEqual(['one', 'three', 'two'])
    const [one] = await list('--queue zkillboard_backfill_queue')
    expect(one).toMatchObject({ body: 'one', reason: 'one is not JSON', queue: 'zkillboard_backfill_queue' })
    expect((await command(env, `dead show ${one?.id}`)).out).toMatch(/reason +one is not JSON\n\none$/)
    expect((await command(env, 'dead list')).out).toContain('two is not JSON')
    // By reason, and all of one reason.
    const { items, read } = JSON.parse((await command(env, 'dead groups --json')).out)
    expect([read, items.length]).toEqual([3, 3])
    const groups = await command(env, 'dead groups --queue zkillboard_character_queue')
    expect(groups).toMatchObject({ code: 0, out: expect.stringMatching(/^1 +zkillboard_character_queue .* two is not JSON$/m) })
    expect(groups.out).toContain('yarn dead replay --all --queue zkillboard_character_queue --group "')
    expect(await list('--group none')).toEqual([])
    // A message is corrected: checked as a worker would, then sent in place of the old one.
    const three = all.find((letter) => letter.body === 'three')?.id
    const file = join(await mkdtemp(join(tmpdir(), 'dead-')), 'message.json')
    await writeFile(file, '{"characterId": "nobody"}')
    expect(await command(env, `dead correct ${three} ${file}`)).toMatchObject({ code: 2, err: expect.stringContaining('characterId') })
    expect(await list()).toHaveLength(3)
    await writeFile(file, '{"characterId": 2117325769}')
    expect(await command(env, `dead correct ${three} ${file}`)).toMatchObject({
      code: 0,
      out: `The corrected message was sent to zkillboard_character_queue; ${three} was deleted.`,
    })
    expect(await command(env, `dead correct ${three} ${file}.none`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot be read'),
    })
    expect(await list()).toHaveLength(2)
    expect(await command(env, `dead replay ${one?.id}`)).toEqual({ code: 0, err: '', out: '1 message replayed.' })
    expect(await command(env, 'dead drop --all --queue zkillboard_character_queue --json')).toMatchObject({
      code: 0,
      out: '{\n  "deleted": 1\n}',
    })
    expect(await list()).toEqual([])
    expect((await command(env, 'dead list')).out).toBe('No rejected messages.')
  })

  test.each([
    ['dead replay', 'Give ids or --all'],
    ['dead drop abc --all', 'not both'],
    ['dead show nowhere', 'No dead letter has the id nowhere'],
    ['dead drop nowhere', 'No dead letter has the id nowhere'],
    ['dead list --queue somewhere', 'There is no queue "somewhere"'],
    ['dead list --limit none', '--limit must be a whole number'],
  ])('%s is refused', async (line, text) => {
    expect(await command(env, line)).toEqual({ code: 2, out: '', err: expect.stringContaining(text) })
  })

  test('the broker is unreachable', async () => {
    const ran = await command({ ...env, RABBITMQ_URL: `amqp://127.0.0.1:${await freePort()}` }, 'dead list')
    expect(ran).toEqual({ code: 78, out: '', err: expect.stringMatching(/^RabbitMQ at .* cannot be reached[^\n]*$/) })
  })
})

test('a watch outlives an outage of the database', async () => {
  const { out } = await command(env, 'queue character-killmails 1 --json')
  const [job] = JSON.parse(out).jobs as { id: string }[]
  const watching = begin(env, ['jobs', 'watch', job?.id as string])
  await until(() => watching.out().includes('queued'))
  const cut = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'command'`
  await until(async () => (await db.query(cut)).length > 0 && watching.out().includes('The database is'), { what: 'the watch to notice' })
  await command(env, `jobs cancel ${job?.id}`)
  expect((await watching.ended).code).toBe(1)
})
