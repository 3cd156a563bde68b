import { type Sandbox as Started, startSandbox } from '../../../backend/sandbox/server'
import { atproto } from '../../../backend/sources/atproto'
import { type Answer, type Served, serve } from '../../support/api'
import { didOf } from '../../support/atproto-reads'
import { sandboxed } from '../../support/sandboxed'
import type { Suite } from '../../support/suite'
import { until } from '../../support/until'

/* The routes by which the users of this source's seed know it, over HTTP, with its worker at the sandbox. */

const ADMIN = 'the-admin-token-of-this-test'
const READER = 'the-reader-token-of-this-test'
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const GAME = 'games.sandbox.game'
const SCORE = 'games.sandbox.score'
const NOBODY = '00000000-0000-4000-8000-000000000000'

type Repo = ReturnType<Started['atproto']['repos']>[number]
let sandbox: Started
let it_: Suite
let served: Served

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = bearer(ADMIN)): Promise<Answer> =>
  served.ask(method, path, body, headers)
const begin = async (body: object): Promise<string> => (await ask('POST', '/admin/backfill', body)).body.id
const shown = async (id: string) => (await ask('GET', `/admin/backfill/${id}`)).body
const jobs = async () => (await it_.db.query<{ n: number }>('select count(*)::int as n from backhaul.jobs'))[0]?.n
/** Runs a worker until these have ended. */
async function work(...ids: string[]): Promise<void> {
  const worker = await it_.worker({ attempts: 2 })
  try {
    for (const id of ids) await it_.ended(id, 25_000)
  } finally {
    await worker.stop()
  }
}
/** Active repos with records of games. */
const repos = () =>
  sandbox.atproto.repos().filter(({ state, collections }) => state === 'active' && (collections[GAME] ?? 0) > 0) as [Repo, Repo, Repo, Repo]

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 1, speed: 200, seed: 5, repos: 12, pdses: 3, oddities: false })
  it_ = await sandboxed(atproto, sandbox)
  served = await serve(it_, [atproto], { ...sandbox.urls, ADMIN_TOKEN: ADMIN, READ_TOKEN: READER })
}, 120_000)
afterAll(async () => {
  await served?.close()
  await it_?.close()
  await sandbox?.close()
})
beforeEach(async () => {
  sandbox.reset()
  // The scheduler reads the same tables: whoever is in its way tries again.
  await it_.db.tx((tx) =>
    tx.query('truncate atproto.records, atproto.repos, atproto.relay_cursors, atproto.lexicons, backhaul.jobs, backhaul.rejects cascade'),
  )
})

describe('a backfill', () => {
  const named = (): [string, object | undefined][] => {
    const [one, other] = repos()
    return [
      ['of everything', {}],
      ['of everything, without a body', undefined],
      ['of a collection', { collection: GAME }],
      ['of a DID', { collection: GAME, did: one.did }],
      ['of several', { collection: GAME, dids: [one.did, other.did] }],
      ['of a handle', { collection: GAME, did: other.handle }],
      ['of a DID in every collection', { did: one.did }],
    ]
  }

  test('is started by each request its users know: 201 with its id, and it is pending', async () => {
    for (const [what, body] of named()) {
      const { status, body: answer } = await ask('POST', '/admin/backfill', body)
      const id = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      expect([what, status, answer]).toEqual([what, 201, { id, status: 'pending' }])
      await ask('POST', `/admin/backfill/${answer.id}/cancel`)
    }
  })

  // To the letter: who knows these routes tries them with these.
  test.each([
    ['{}'],
    ['{ "collection": "games.gamesgamesgamesgames.game" }'],
    ['{\n    "collection": "games.gamesgamesgamesgames.game",\n    "did": "did:plc:abc123"\n  }'],
  ])('is started by the example %s', async (body) => {
    expect(await ask('POST', '/admin/backfill', body)).toMatchObject({ status: 201, body: { status: 'pending' } })
  })

  test('that is active already is answered with its id: 200', async () => {
    for (const [what, body] of named()) {
      const first = await ask('POST', '/admin/backfill', body)
      const second = await ask('POST', '/admin/backfill', body)
      expect([what, first.status, second.status, second.body]).toEqual([what, 201, 200, first.body])
      await ask('POST', `/admin/backfill/${first.body.id}/cancel`)
    }
    expect(await jobs()).toBe(named().length)
  })

  test('is the same in another order, by another method, for new repos only', async () => {
    const [one, other] = repos()
    const id = await begin({ collection: GAME, dids: [one.did, other.did] })
    expect(await ask('POST', '/admin/backfill', { collection: GAME, did: other.did, dids: [one.did], method: 'car' })).toMatchObject({
      status: 200,
      body: { id },
    })
    const whole = await begin({ collection: GAME })
    expect(await ask('POST', '/admin/backfill', { collection: GAME, newOnly: true })).toMatchObject({ status: 200, body: { id: whole } })
    expect(await ask('POST', '/admin/backfill', { collection: SCORE })).toMatchObject({ status: 201 })
  })

  test('is started once by many who ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask('POST', '/admin/backfill', { collection: GAME })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201])
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(await jobs()).toBe(1)
  })

  test('may be started again once it has ended', async () => {
    const [{ did }] = repos()
    const first = await begin({ collection: GAME, did })
    await work(first)
    const again = await ask('POST', '/admin/backfill', { collection: GAME, did })
    expect([again.status, again.body.id === first]).toEqual([201, false])
  })

  test.each<[unknown, string]>([
    [{ collection: 'post' }, 'collection'],
    [{ collection: GAME, did: 'nobody' }, 'did'],
    [{ collection: GAME, dids: [didOf(1), 'nobody'] }, 'dids.1'],
    [{ collection: GAME, pds: ['https://pds.example.com/path'] }, 'pds.0'],
    [{ collection: GAME, newOnly: true, did: didOf(1) }, 'newOnly'],
    [{ colection: GAME }, 'colection'],
  ])('asked for with %j is refused, and the field is named', async (body, field) => {
    const { status, body: problem, headers } = await ask('POST', '/admin/backfill', body)
    expect([status, problem.errors[0].field]).toEqual([400, field])
    expect(problem.error.toLowerCase()).toContain(field.toLowerCase())
    expect(problem.error).toBe(problem.detail)
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(await jobs()).toBe(0)
  })

  test.each([[[]], ['"everything"'], ['7'], ['{"collection":']])('asked for with the body %j is refused', async (body) => {
    expect(await ask('POST', '/admin/backfill', body)).toMatchObject({ status: 400, body: { error: expect.any(String) } })
    expect(await jobs()).toBe(0)
  })

  test('ends completed with what it has read, of a DID and of a handle', async () => {
    const [one, other] = repos()
    for (const [{ did, collections }, name] of [
      [one, one.did],
      [other, other.handle],
    ] as const) {
      const id = await begin({ collection: GAME, did: name })
      await work(id)
      expect(await shown(id)).toMatchObject({
        collection: GAME,
        did: name,
        status: 'completed',
        total_repos: 1,
        processed_repos: 1,
        total_records: collections[GAME],
        error: null,
        stage: 'done',
      })
      expect(await it_.db.query('select 1 from atproto.records where did = $1', [did])).toHaveLength(collections[GAME] ?? 0)
    }
  })

  test('of a collection ends completed with every repo the relay has listed, each once', async () => {
    const id = await begin({ collection: GAME })
    await work(id)
    const listed = sandbox.atproto.repos().filter(({ collections }) => collections[GAME] !== undefined || !collections[SCORE])
    expect(await shown(id)).toMatchObject({ did: null, status: 'completed', total_records: sandbox.atproto.count([GAME]) })
    const { total_repos: total, processed_repos: processed, failed_repos: failed } = await shown(id)
    expect([processed, failed]).toEqual([total, 0])
    expect(total).toBeLessThanOrEqual(sandbox.atproto.repos().length)
    expect(total).toBeGreaterThanOrEqual(listed.filter(({ collections }) => collections[GAME]).length)
  })
})

describe('the list of backfills', () => {
  const FIELDS = [
    'id',
    'collection',
    'did',
    'status',
    'total_repos',
    'processed_repos',
    'total_records',
    'error',
    'started_at',
    'completed_at',
    'created_at',
  ]

  test('is a bare array with the fields its users know, in their order, and further ones after them', async () => {
    expect((await ask('GET', '/admin/backfill/status')).body).toEqual([])
    const id = await begin({ collection: GAME })
    const { status, body, headers } = await ask('GET', '/admin/backfill/status')
    expect([status, headers.get('link'), Object.keys(body[0]).slice(0, FIELDS.length)]).toEqual([200, null, FIELDS])
    expect(body).toEqual([
      {
        id,
        collection: GAME,
        did: null,
        status: 'pending',
        total_repos: 0,
        processed_repos: 0,
        total_records: 0,
        error: null,
        started_at: null,
        completed_at: null,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        failed_repos: 0,
        skipped_repos: 0,
        error_counts: {},
        rejected_records: 0,
        stage: 'pending',
        state: 'queued',
        dids: [],
      },
    ])
    expect(await shown(id)).toEqual(body[0])
    expect(await shown(id.slice(0, 8))).toEqual(body[0])
  })

  test('has a moment for each of its stations', async () => {
    const [{ did }] = repos()
    const id = await begin({ collection: GAME, did })
    await work(id)
    const [{ created_at: created, started_at: started, completed_at: completed }] = (await ask('GET', '/admin/backfill/status')).body
    expect([created, started, completed].map((at) => new Date(at).toISOString())).toEqual([created, started, completed])
    expect([created, started, completed].sort()).toEqual([created, started, completed])
  })

  test('is paged by the header Link, newest first', async () => {
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.unshift(await begin({ collection: `games.sandbox.n${n}` }))
    expect((await ask('GET', '/admin/backfill/status')).body.map(({ id }: { id: string }) => id)).toEqual(ids)
    const read: string[][] = []
    for (let next: string | undefined = '/admin/backfill/status?limit=2'; next !== undefined && read.length < 9; ) {
      const { body, headers } = await ask('GET', next)
      read.push(body.map(({ id }: { id: string }) => id))
      next = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
    }
    expect(read).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)])
  })

  test('refuses what is no page of it', async () => {
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=nonsense', 'page=2']) {
      const { status, body } = await ask('GET', `/admin/backfill/status?${query}`)
      expect([query, status, typeof body.error]).toEqual([query, 400, 'string'])
    }
  })
})

describe('steering', () => {
  const steer = (id: string, verb: string) => ask('POST', `/admin/backfill/${id}/${verb}`)

  test('pauses, resumes and cancels; the answer shows the backfill as it is then', async () => {
    const id = await begin({ collection: GAME })
    expect(await steer(id, 'pause')).toMatchObject({ status: 200, body: { id, state: 'paused', stage: 'paused', status: 'running' } })
    expect(await steer(id, 'pause')).toMatchObject({ status: 200, body: { state: 'paused' } })
    expect(await steer(id, 'resume')).toMatchObject({ status: 200, body: { state: 'queued', status: 'pending' } })
    const cancelled = await steer(id, 'cancel')
    expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled', status: 'failed', error: 'cancelled', stage: 'done' } })
    expect(cancelled.body.completed_at).not.toBeNull()
    expect(await steer(id, 'cancel')).toMatchObject({ status: 200 })
  })

  test('holds what is paused: nothing is read until it goes on', async () => {
    const [one, other] = repos()
    const id = await begin({ collection: GAME, did: one.did })
    await steer(id, 'pause')
    const worker = await it_.worker()
    // Another's backfill waits behind it, as one job runs at a time; cancelled, it lets it by.
    const next = await begin({ collection: GAME, did: other.did })
    await steer(id, 'cancel')
    expect(await it_.ended(next)).toBe('completed')
    expect(await it_.db.query('select 1 from atproto.records where did = $1', [one.did])).toEqual([])
    await worker.stop()
  })

  test('in a wrong state is refused with the state: 409', async () => {
    const [{ did }] = repos()
    const id = await begin({ collection: GAME, did })
    expect(await steer(id, 'retry')).toMatchObject({
      status: 409,
      body: { state: 'queued', error: expect.stringContaining('no failed tasks') },
    })
    await work(id)
    for (const verb of ['pause', 'resume', 'cancel', 'retry']) {
      const { status, body } = await steer(id, verb)
      expect([verb, status, body.state, body.error]).toEqual([verb, 409, 'completed', expect.stringContaining('is completed')])
    }
  })

  test('of a backfill that is not there: 404; of what is no id: 400', async () => {
    for (const verb of ['pause', 'resume', 'cancel', 'retry']) {
      expect([verb, await steer(NOBODY, verb)]).toMatchObject([verb, { status: 404, body: { error: `There is no job ${NOBODY}.` } }])
      expect([verb, await steer('nonsense!', verb)]).toMatchObject([verb, { status: 400, body: { errors: [{ field: 'id' }] } }])
    }
    expect(await ask('GET', `/admin/backfill/${NOBODY}`)).toMatchObject({ status: 404 })
    expect(await ask('GET', '/admin/backfill/nonsense!')).toMatchObject({ status: 400 })
  })

  test('needs no body: a POST with a token and nothing else is enough', async () => {
    const post = (path: string) => fetch(served.url + path, { method: 'POST', headers: { ...bearer(ADMIN), connection: 'close' } })
    const id = await begin({ collection: GAME })
    for (const verb of ['pause', 'resume', 'cancel']) {
      const answer = await post(`/admin/backfill/${id}/${verb}`)
      expect([verb, answer.status, (await answer.json()).id]).toEqual([verb, 200, id])
    }
    const everything = await post('/admin/backfill')
    expect([everything.status, (await everything.json()).status]).toEqual([201, 'pending'])
  })
})

describe('who may', () => {
  test('read: whoever has a token; do anything: who has that of the administrator', async () => {
    const id = await begin({ collection: GAME })
    const statuses = async (headers: Record<string, string>) => [
      (await ask('GET', '/admin/backfill/status', undefined, headers)).status,
      (await ask('GET', `/admin/backfill/${id}`, undefined, headers)).status,
      (await ask('GET', '/admin/lexicons', undefined, headers)).status,
      (await ask('POST', '/admin/backfill', { collection: GAME }, headers)).status,
      (await ask('POST', `/admin/backfill/${id}/pause`, undefined, headers)).status,
      (await ask('POST', '/admin/lexicons', { lexicon_json: {} }, headers)).status,
      (await ask('DELETE', '/admin/lexicons/games.sandbox.none', undefined, headers)).status,
    ]
    expect(await statuses({})).toEqual([401, 401, 401, 401, 401, 401, 401])
    expect(await statuses(bearer('wrong'))).toEqual([401, 401, 401, 401, 401, 401, 401])
    expect(await statuses(bearer(READER))).toEqual([200, 200, 200, 403, 403, 403, 403])
    expect(await statuses(bearer(ADMIN))).toEqual([200, 200, 200, 200, 200, 400, 404])
    expect((await ask('POST', '/admin/backfill', {}, {})).body).toMatchObject({ error: expect.any(String) })
  })
})

describe('a backfill that could not read every repo', () => {
  test('is shown as failed, with how many and why; tried again, it reads those', async () => {
    const [broken, other, third] = repos()
    sandbox.atproto.document(broken.did, 'no-pds')
    sandbox.atproto.document(other.did, 'query')
    const id = await begin({ collection: GAME, dids: [broken.did, other.did, third.did] })
    await work(id)
    const failed = await shown(id)
    expect(failed).toMatchObject({
      status: 'failed',
      state: 'partial',
      total_repos: 3,
      processed_repos: 1,
      failed_repos: 2,
      error_counts: { no_pds: 1, pds_address: 1 },
      total_records: third.collections[GAME],
    })
    expect(failed.error).toMatch(/^2 of 3 repos failed: /)
    expect((await ask('GET', '/admin/backfill/status')).body).toEqual([failed])

    sandbox.atproto.document(broken.did)
    sandbox.atproto.document(other.did)
    expect(await ask('POST', `/admin/backfill/${id}/retry`)).toMatchObject({ status: 200, body: { status: 'running', error: null } })
    await work(id)
    expect(await shown(id)).toMatchObject({ status: 'completed', processed_repos: 3, failed_repos: 0, error_counts: {}, error: null })
  })

  test('counts accounts that are gone or asleep as processed, and does not fail for them', async () => {
    const [asleep, gone, third] = repos()
    sandbox.atproto.state(asleep.did, 'deactivated')
    sandbox.atproto.state(gone.did, 'tombstoned')
    const id = await begin({ collection: GAME, dids: [asleep.did, gone.did, third.did] })
    await work(id)
    expect(await shown(id)).toMatchObject({ status: 'completed', total_repos: 3, processed_repos: 3, skipped_repos: 2, failed_repos: 0 })
  })
})

describe('backfills of several', () => {
  test('run one after the other, in order of arrival', async () => {
    const [one, other, third] = repos()
    const ids: string[] = []
    for (const { did } of [one, other, third]) ids.push(await begin({ collection: GAME, did }))
    await work(...ids)
    const ended = await Promise.all(ids.map(shown))
    expect(ended.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed'])
    for (const [at, { started_at: started }] of ended.slice(1).entries()) expect(started >= ended[at].completed_at).toBe(true)
  })

  test('the second is pending until the first has ended, and then it runs', async () => {
    const [one, other] = repos()
    const first = await begin({ collection: GAME, did: one.did })
    sandbox.fault({ name: 'hang', api: 'pds', match: 'listRecords' })
    const worker = await it_.worker({ graceMs: 100 })
    await until(async () => (await shown(first)).status === 'running', { what: 'the first to run' })
    const second = await begin({ collection: GAME, did: other.did })
    await until(() => sandbox.requests('pds').some(({ path }) => path.includes('listRecords')), { what: 'the first to be held up' })
    expect([(await shown(first)).status, (await shown(second)).status]).toEqual(['running', 'pending'])
    sandbox.clearFaults()
    await ask('POST', `/admin/backfill/${first}/cancel`)
    await until(async () => ['running', 'completed'].includes((await shown(second)).status), { what: 'the second to run' })
    expect(await it_.ended(second)).toBe('completed')
    await worker.stop()
  })
})

describe('one account or host among many', () => {
  /** The relay lists these, whoever they are. */
  const list = (dids: string[]) =>
    sandbox.fault({
      name: 'status',
      status: 200,
      api: 'relay',
      match: 'listReposByCollection',
      body: JSON.stringify({ repos: dids.map((did) => ({ did })) }),
    })
  const document = (did: string, more: object) =>
    sandbox.fault({
      name: 'status',
      status: 200,
      api: 'plc',
      match: did,
      body: JSON.stringify({
        id: did,
        alsoKnownAs: [],
        service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: `http://${repos()[0].host}` }],
        ...more,
      }),
    })
  /** A backfill of two good repos and an odd one between them. */
  async function among(odd: string) {
    const [one, , other] = repos()
    list([one.did, odd, other.did])
    const id = await begin({ collection: GAME })
    await work(id)
    const records = (one.collections[GAME] ?? 0) + (other.collections[GAME] ?? 0)
    const read = await it_.db.query('select 1 from atproto.records where did = any($1)', [[one.did, other.did]])
    return { ...(await shown(id)), isRead: read.length === records }
  }

  test.each([
    ['cannot be decoded', 'did:web:%ff.example'],
    ['has a path', 'did:web:pds.example:users:alice'],
    ['is no host name', 'did:web:under_score.example'],
    ['is of a method nobody knows', 'did:nobody:knows'],
    ['is none', 'nonsense'],
  ])('with a DID that %s fails by itself: the others are read', async (_, odd) => {
    expect(await among(odd)).toMatchObject({ isRead: true, state: 'partial', total_repos: 3, processed_repos: 2, failed_repos: 1 })
  })

  test('with a DID the directory calls invalid fails by itself: the others are read', async () => {
    sandbox.fault({ name: 'status', status: 400, api: 'plc', match: didOf(9), body: '{"message":"Invalid DID"}' })
    expect(await among(didOf(9))).toMatchObject({ isRead: true, state: 'partial', failed_repos: 1 })
  })

  test.each([
    ['a handle', { alsoKnownAs: ['at://odd\u0000.example.com'] }],
    ['the id', { id: 'did:plc:\u0000' }],
    ['the address', { service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: 'https://pds\u0000.example' }] }],
  ])('with NUL in %s of its document keeps nobody from being read', async (_, more) => {
    const { did } = repos()[1]
    document(did, more)
    expect(await among(did)).toMatchObject({ isRead: true, total_repos: 3 })
  })

  test.each([
    ['in the words of a refusal', 400, '{"error":"Odd","message":"\\u0000"}', 'refused'],
    ['in the page of a fault', 500, 'Internal\0Server Error', 'http_500'],
  ])('with NUL %s fails, and is not tried for ever', async (_, status, body, kind) => {
    const { did } = repos()[1]
    sandbox.fault({ name: 'status', status, api: 'pds', match: `listRecords.*${did}`, body })
    expect(await among(did)).toMatchObject({ isRead: true, state: 'partial', failed_repos: 1, error_counts: { [kind]: 1 } })
  })

  test('with NUL in the cursor of its listing fails by itself', async () => {
    const { did } = repos()[1]
    sandbox.fault({ name: 'status', status: 200, api: 'pds', match: `listRecords.*${did}`, body: '{"records":[],"cursor":"\\u0000"}' })
    expect(await among(did)).toMatchObject({ isRead: true, total_repos: 3 })
  })

  test('with NUL in the state its host gives it keeps nobody from being read', async () => {
    const { did } = repos()[1]
    sandbox.fault({ name: 'status', status: 400, api: 'pds', match: `getLatestCommit.*${did}`, body: '{"error":"RepoNotFound"}' })
    sandbox.fault({
      name: 'status',
      status: 200,
      api: 'pds',
      match: `getRepoStatus.*${did}`,
      body: '{"active":false,"status":"odd\\u0000"}',
    })
    expect(await among(did)).toMatchObject({ isRead: true, total_repos: 3 })
  })
})
