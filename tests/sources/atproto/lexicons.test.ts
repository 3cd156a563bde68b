import type { Reader } from '../../../backend/base/sql'
import { type Sandbox as Started, startSandbox } from '../../../backend/sandbox/server'
import { atproto } from '../../../backend/sources/atproto'
import { readLexicon, validators } from '../../../backend/sources/atproto/lexicons'
import { readListed } from '../../../backend/sources/atproto/records'
import { known, write } from '../../../backend/sources/atproto/store'
import { repoCursor } from '../../../backend/sources/atproto/streams/cursor'
import { repo } from '../../../backend/sources/atproto/streams/repo'
import { type Answer, type Served, serve } from '../../support/api'
import { didOf, listedNotes, NOTE, pdsOf } from '../../support/atproto-reads'
import { fakeIo } from '../../support/eve'
import { sandboxed } from '../../support/sandboxed'
import type { Suite } from '../../support/suite'

/* Uploaded lexicons: what they start, what they are good for, and records that are held to them. */

const ADMIN = 'the-admin-token-of-this-test'
const GAME = 'games.sandbox.game'
const SCORE = 'games.sandbox.score'

let sandbox: Started
let it_: Suite
let served: Served
let answered: (line: string) => void = () => undefined

const ask = (method: string, path: string, body?: unknown, by: Served = served): Promise<Answer> =>
  by.ask(method, path, body, { authorization: `Bearer ${ADMIN}` })
const upload = (lexicon: unknown, more: object = {}) => ask('POST', '/admin/lexicons', { lexicon_json: lexicon, ...more })
const shown = async (id: string) => (await ask('GET', `/admin/backfill/${id}`)).body
const begin = async (body: object): Promise<string> => (await ask('POST', '/admin/backfill', body)).body.id
/** A repo with so many scores that it is read whole after its first pages; it has most of all records. */
const large = () => sandbox.atproto.repos().find(({ collections }) => (collections[SCORE] ?? 0) > 2500)?.did ?? ''
/** For tests that are not about it: it takes most of their time. */
const hideLarge = () => sandbox.atproto.state(large(), 'deactivated')
const jobs = async () =>
  await it_.db.query<{ id: string; params: { collection?: string } }>('select id, params from backhaul.jobs order by created_at')
const ids = async () => (await ask('GET', '/admin/lexicons')).body.map(({ id }: { id: string }) => id)
const cancel = (id: string) => ask('POST', `/admin/backfill/${id}/cancel`)
async function work(id: string): Promise<void> {
  const worker = await it_.worker({ attempts: 2 })
  try {
    await it_.ended(id, 25_000)
  } finally {
    await worker.stop()
  }
}

/** A lexicon of records with these properties. */
const lexiconOf = (id: string, properties: object = {}, more: object = {}, defs: object = {}) => ({
  lexicon: 1,
  id,
  defs: { main: { type: 'record', key: 'any', record: { type: 'object', properties, ...more } }, ...defs },
})
const query = { lexicon: 1, id: 'games.sandbox.getGames', defs: { main: { type: 'query', output: { encoding: 'application/json' } } } }

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 1, speed: 200, seed: 5, repos: 21, pdses: 3, oddities: false, log: (line) => answered(line) })
  it_ = await sandboxed(atproto, sandbox)
  served = await serve(it_, [atproto], { ...sandbox.urls, ADMIN_TOKEN: ADMIN })
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

describe('the upload of a record lexicon', () => {
  test('starts the backfill of its records, one, and names it: 201', async () => {
    const { status, body } = await upload(lexiconOf(GAME))
    expect([status, body]).toEqual([201, { id: GAME, revision: 1, backfill_job_id: expect.any(String) }])
    expect(await jobs()).toEqual([{ id: body.backfill_job_id, params: expect.objectContaining({ collection: GAME }) }])
    await work(body.backfill_job_id)
    expect(await shown(body.backfill_job_id)).toMatchObject({
      collection: GAME,
      status: 'completed',
      total_records: sandbox.atproto.count([GAME]),
    })
  })

  test('again changes the lexicon and starts nothing: 200', async () => {
    await upload(lexiconOf(GAME))
    const { status, body } = await upload(lexiconOf(GAME, { title: { type: 'string' } }))
    expect([status, body]).toEqual([200, { id: GAME, revision: 2, backfill_job_id: null }])
    expect(await jobs()).toHaveLength(1)
    expect((await ask('GET', `/admin/lexicons/${GAME}`)).body).toMatchObject({
      revision: 2,
      lexicon_json: lexiconOf(GAME, { title: { type: 'string' } }),
    })
  })

  test('by many at once is one lexicon and one backfill', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => upload(lexiconOf(GAME))))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201])
    expect(answers.map(({ body }) => body.revision).sort()).toEqual([1, 2, 3, 4, 5, 6])
    const started = await jobs()
    expect(answers.flatMap(({ body }) => body.backfill_job_id ?? [])).toEqual(started.map(({ id }) => id))
    expect(started).toHaveLength(1)
  })

  test('while its records are being backfilled already names that backfill', async () => {
    const id = await begin({ collection: GAME })
    expect((await upload(lexiconOf(GAME))).body).toMatchObject({ revision: 1, backfill_job_id: id })
    expect(await jobs()).toHaveLength(1)
  })

  test('that asks for no backfill starts none, and is left out of a backfill of everything', async () => {
    expect(await upload(lexiconOf(GAME), { backfill: false })).toMatchObject({ status: 201, body: { backfill_job_id: null } })
    expect(await jobs()).toEqual([])
    const id = await begin({})
    await work(id)
    expect(await shown(id)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('no uploaded record lexicon asks for a backfill'),
    })
  })

  test.each([
    ['a query', query],
    ['definitions without a main one', { lexicon: 1, id: 'games.sandbox.defs', defs: { title: { type: 'string' } } }],
  ])('of %s starts nothing', async (_, lexicon) => {
    expect(await upload(lexicon)).toMatchObject({ status: 201, body: { revision: 1, backfill_job_id: null } })
    expect(await jobs()).toEqual([])
  })

  test('leaves no lexicon where its backfill cannot be started', async () => {
    const nameless = await serve(it_, [atproto], { ADMIN_TOKEN: ADMIN, CONTACT: '' })
    expect(await ask('POST', '/admin/lexicons', { lexicon_json: lexiconOf(GAME) }, nameless)).toMatchObject({
      status: 503,
      body: { error: expect.stringContaining('CONTACT is not set') },
    })
    await nameless.close()
    expect(await ids()).toEqual([])

    await it_.db.query(`create function refuse() returns trigger language plpgsql as $$ begin raise 'a fault of this test'; end $$`)
    await it_.db.query('create trigger refuse before insert on backhaul.tasks for each row execute function refuse()')
    const broken = await upload(lexiconOf(GAME))
    await it_.db.query('drop function refuse cascade')
    expect(broken).toMatchObject({ status: 500, body: { error: expect.any(String) } })
    expect([await ids(), await jobs()]).toEqual([[], []])
    expect(await upload(lexiconOf(GAME))).toMatchObject({ status: 201, body: { revision: 1, backfill_job_id: expect.any(String) } })
  })

  test.each<[string, unknown, string]>([
    ['of no lexicon', undefined, 'lexicon_json'],
    ['of words', 'lexicon', 'lexicon_json'],
    ['of a list', [], 'lexicon_json'],
    ['of null', null, 'lexicon_json'],
    ['of another version', { ...lexiconOf(GAME), lexicon: 2 }, 'lexicon_json.lexicon'],
    ['without a version', { ...lexiconOf(GAME), lexicon: undefined }, 'lexicon_json.lexicon'],
    ['without an id', { ...lexiconOf(GAME), id: undefined }, 'lexicon_json.id'],
    ['with an id that is no NSID', { ...lexiconOf(GAME), id: 'game' }, 'lexicon_json.id'],
    ['with the id of a definition', { ...lexiconOf(GAME), id: `${GAME}#main` }, 'lexicon_json.id'],
    ['without definitions', { lexicon: 1, id: GAME }, 'lexicon_json.defs'],
    ['with a list of definitions', { ...lexiconOf(GAME), defs: [] }, 'lexicon_json.defs'],
    ['with a definition of no known type', { lexicon: 1, id: GAME, defs: { main: { type: 'nonsense' } } }, 'lexicon_json.defs.main'],
    ['with a definition that is none', { lexicon: 1, id: GAME, defs: { main: 7 } }, 'lexicon_json.defs.main'],
    ['with a record that is none', { lexicon: 1, id: GAME, defs: { main: { type: 'record', record: 'x' } } }, 'lexicon_json.defs.main'],
    ['with a property that is none', lexiconOf(GAME, { title: { type: 'text' } }), 'lexicon_json.defs.main'],
  ])('%s is refused, and the field is named', async (_, lexicon, field) => {
    const { status, body } = await upload(lexicon)
    expect([status, body.errors?.[0].field]).toEqual([400, expect.stringContaining(field)])
    expect(body.error).toContain(field)
    expect([await ids(), await jobs()]).toEqual([[], []])
  })

  test('with a flag that is none is refused at the flag', async () => {
    expect(await upload(lexiconOf(GAME), { backfill: 'yes' })).toMatchObject({ status: 400, body: { errors: [{ field: 'backfill' }] } })
    expect(await ask('POST', '/admin/lexicons')).toMatchObject({ status: 400, body: { error: expect.any(String) } })
  })
})

describe('the uploaded lexicons', () => {
  test('are listed by id, and shown one by one', async () => {
    for (const lexicon of [lexiconOf(SCORE), query, lexiconOf(GAME)]) await upload(lexicon)
    const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const of = (lexicon: { id: string }, type: string) => ({
      id: lexicon.id,
      revision: 1,
      lexicon_type: type,
      backfill: true,
      lexicon_json: lexicon,
      created_at: moment,
      updated_at: moment,
    })
    const { status, body } = await ask('GET', '/admin/lexicons')
    expect([status, body]).toEqual([200, [of(lexiconOf(GAME), 'record'), of(query, 'query'), of(lexiconOf(SCORE), 'record')]])
    expect((await ask('GET', `/admin/lexicons/${SCORE}`)).body).toEqual(body[2])
  })

  test('may be removed: 204, and then it is missing; their records stay, and a new upload is the first again', async () => {
    const { body } = await upload(lexiconOf(GAME))
    await work(body.backfill_job_id)
    const rows = await it_.db.query('select 1 from atproto.records')
    const gone = await ask('DELETE', `/admin/lexicons/${GAME}`)
    expect([gone.status, gone.body]).toEqual([204, ''])
    for (const method of ['GET', 'DELETE']) {
      const missing = await ask(method, `/admin/lexicons/${GAME}`)
      expect([method, missing.status, missing.body.error]).toEqual([method, 404, `There is no lexicon ${GAME}.`])
    }
    expect(await it_.db.query('select 1 from atproto.records')).toHaveLength(rows.length)
    expect(await upload(lexiconOf(GAME))).toMatchObject({ status: 201, body: { revision: 1, backfill_job_id: expect.any(String) } })
  })
})

describe('a backfill of everything', () => {
  const uploadBoth = async () => {
    for (const lexicon of [lexiconOf(GAME), lexiconOf(SCORE)]) await cancel((await upload(lexicon)).body.backfill_job_id)
  }
  const truthOf = async (did: string) => (await sandbox.atproto.truth([GAME, SCORE])).filter((one) => one.did === did).map(({ uri }) => uri)
  const heldOf = async (did: string) =>
    (await it_.db.query<{ uri: string }>('select uri from atproto.records where did = $1', [did])).map(({ uri }) => uri)

  test('fails without lexicons, and says what to do', async () => {
    const id = await begin({})
    await work(id)
    expect(await shown(id)).toMatchObject({
      status: 'failed',
      collection: null,
      error: expect.stringContaining('no uploaded record lexicon asks for a backfill: name a collection, or POST /admin/lexicons first'),
    })
  })

  test('reads the records of every lexicon, each repo in one task', async () => {
    hideLarge()
    await uploadBoth()
    await upload(query)
    const id = await begin({ method: 'list' })
    await work(id)
    expect(await shown(id)).toMatchObject({ status: 'completed', total_records: sandbox.atproto.count([GAME, SCORE]) })
    const tasks = await it_.db.query<{ stream: string; key: string; collections: string[] }>(
      `select stream, key, cursor -> 'collections' as collections from backhaul.tasks where job_id = $1 order by stream, key`,
      [id],
    )
    const repos = tasks.filter(({ stream }) => stream === 'repo')
    expect(new Set(repos.map(({ key }) => key)).size).toBe(repos.length)
    for (const { key, collections } of repos) expect([key, collections]).toEqual([key, [GAME, SCORE]])
    expect(tasks.filter(({ stream }) => stream === 'relay').map(({ key }) => key)).toEqual([GAME, SCORE])
    expect((await shown(id)).total_repos).toBe(repos.length)
  })

  test('counts each record once, in a repo that is read whole after its first pages too', async () => {
    await uploadBoth()
    const id = await begin({ did: large() })
    await work(id)
    const truth = await truthOf(large())
    expect((await heldOf(large())).sort()).toEqual(truth.sort())
    expect(await shown(id)).toMatchObject({ status: 'completed', total_records: truth.length })
    const [{ synced } = { synced: {} }] = await it_.db.query<{ synced: Record<string, { records: number }> }>(
      'select synced from atproto.repos where did = $1',
      [large()],
    )
    expect((synced[GAME]?.records ?? 0) + (synced[SCORE]?.records ?? 0)).toBe(truth.length)
  })

  test('reads the next time what was written between the first pages and the whole', async () => {
    await uploadBoth()
    const did = large()
    answered = (line) => {
      if (!line.includes('listRecords') || !line.includes(SCORE) || !line.includes('cursor')) return
      answered = () => undefined
      void sandbox.atproto.edit({ did, collection: GAME, action: 'create', count: 3 })
    }
    await work(await begin({ did }))
    answered = () => undefined
    await work(await begin({ did }))
    expect((await heldOf(did)).sort()).toEqual((await truthOf(did)).sort())
  })

  test('deletes nothing that a host shows out of order', async () => {
    const did = didOf(1)
    const [first, second] = [`${NOTE}.a`, `${NOTE}.b`]
    const all = [...listedNotes(did, first, ['a1']), ...listedNotes(did, second, ['z', 'c', 'b', 'a'])]
    const rows = all.map((one) => readListed(one, did, one.uri.split('/')[3] ?? '')).flatMap((one) => ('json' in one ? [one] : []))
    await it_.db.tx((tx) => write(tx, { rows, rev: 'before' }))
    // The second collection looks as if it were in order until its highest key comes last.
    const order = {
      [first]: [['a1']],
      [second]: [
        ['c', 'b'],
        ['z', 'a'],
      ],
    }
    const params = atproto.params.parse({ collection: first, method: 'list' })
    let cursor: unknown = repoCursor.parse({ collections: [first, second], pds: 'pds.example' })
    for (let steps = 0; cursor !== null && steps < 20; steps++) {
      const io = { ...fakeIo({ pds: pdsOf(did, order) }), held: it_.db, known: (names: readonly string[]) => known(it_.db, names) }
      const page = await repo.read(
        { key: did, cursor: repoCursor.parse(JSON.parse(JSON.stringify(cursor))), params, source: 'atproto', job: 'job', attempts: 0 },
        io,
      )
      await it_.db.tx((tx) => repo.write(tx, page.batch))
      cursor = page.next
    }
    expect(cursor).toBeNull()
    const left = await it_.db.query<{ uri: string }>('select uri from atproto.records order by uri')
    expect(left.map(({ uri }) => uri)).toEqual(rows.map(({ uri }) => uri).sort())
  })
})

describe('a backfill that holds records to their lexicons', () => {
  const rejects = () =>
    it_.db.query<{ key: string; reason: string; detail: string }>('select key, reason, detail from backhaul.rejects order by key')
  const held = () =>
    it_.db.query<{ uri: string; level: number }>(`select uri, (record ->> 'level')::int as level from atproto.records order by uri`)
  const levels = { level: { type: 'integer', minimum: 1, maximum: 50 } }

  test('rejects each once, in a repo that is read whole after its first pages too', async () => {
    await upload(lexiconOf(SCORE, levels), { backfill: false })
    const id = await begin({ collection: SCORE, did: large(), validate: true })
    await work(id)
    const keys = (await rejects()).map(({ key }) => key)
    expect(keys.length).toBeGreaterThan(0)
    expect(keys.length).toBe(new Set(keys).size)
    expect((await shown(id)).rejected_records).toBe(keys.length)
  })

  test('rejects those that do not fit, with the reason, and stores the others', async () => {
    hideLarge()
    await upload(lexiconOf(SCORE, levels, { required: ['level'] }), { backfill: false })
    const id = await begin({ collection: SCORE, validate: true, method: 'list' })
    await work(id)
    const [rows, rejected] = [await held(), await rejects()]
    expect(rows.every(({ level }) => level <= 50)).toBe(true)
    expect([rows.length > 0, rejected.length > 0, rows.length + rejected.length]).toEqual([true, true, sandbox.atproto.count([SCORE])])
    for (const { key, reason, detail } of rejected) {
      expect([key, reason]).toEqual([expect.stringContaining(`/${SCORE}/`), 'lexicon'])
      expect(detail).toContain('level')
    }
    expect(await shown(id)).toMatchObject({ status: 'completed', rejected_records: rejected.length })
  })

  test('holds them to the lexicon as it is at that time', async () => {
    hideLarge()
    await upload(lexiconOf(SCORE, levels), { backfill: false })
    await work(await begin({ collection: SCORE, validate: true }))
    const before = await held()
    await upload(lexiconOf(SCORE, { level: { type: 'integer', minimum: 1, maximum: 99 } }), { backfill: false })
    await it_.db.tx((tx) => tx.query('truncate atproto.repos'))
    await work(await begin({ collection: SCORE, validate: true }))
    expect(before.length).toBeLessThan(sandbox.atproto.count([SCORE]))
    expect(await held()).toHaveLength(sandbox.atproto.count([SCORE]))
  })

  test('leaves those alone whose lexicon refers to one that is not uploaded, or that have none', async () => {
    hideLarge()
    await upload(lexiconOf(SCORE, { ...levels, game: { type: 'ref', ref: 'games.sandbox.defs#reference' } }), { backfill: false })
    await work(await begin({ collection: SCORE, validate: true }))
    await work(await begin({ collection: GAME, validate: true }))
    expect(await rejects()).toEqual([])
    expect(await held()).toHaveLength(sandbox.atproto.count([SCORE, GAME]))
  })

  test('stores what does not fit where nobody asked for that', async () => {
    hideLarge()
    await upload(lexiconOf(SCORE, levels), { backfill: false })
    await work(await begin({ collection: SCORE }))
    expect(await rejects()).toEqual([])
    expect(await held()).toHaveLength(sandbox.atproto.count([SCORE]))
  })
})

describe('a record', () => {
  let versions = 0
  /** What is wrong with it by these lexicons. */
  async function fault(value: object, ...lexicons: ({ id: string } & Record<string, unknown>)[]) {
    const rows = lexicons.map((document) => ({ id: document.id, document }))
    versions++
    const db = {
      query: async (sql: string) => (sql.includes('count(*)') ? [{ version: `of a test ${versions}` }] : rows),
    } as unknown as Reader
    return (await validators(db))({ collection: NOTE, rkey: 'any' }, value)
  }
  const text = { type: 'string', maxGraphemes: 5 }

  test('fits its lexicon, or the fault is described', async () => {
    const lexicon = lexiconOf(NOTE, { text, tags: { type: 'array', items: { type: 'string' } } }, { required: ['text'] })
    expect(await fault({ $type: NOTE, text: 'hello', tags: ['a'], more: 1 }, lexicon)).toBeUndefined()
    expect(await fault({ $type: NOTE, text: '👨‍👩‍👧‍👦👨‍👩‍👧‍👦' }, lexicon)).toBeUndefined()
    for (const wrong of [
      { $type: NOTE },
      { $type: NOTE, text: 7 },
      { $type: NOTE, text: 'too long' },
      { $type: NOTE, text: 'a', tags: 'b' },
    ])
      expect([wrong, await fault(wrong, lexicon)]).toEqual([wrong, expect.any(String)])
    expect(await fault({ $type: 'app.example.other', text: 'hello' }, lexicon)).toEqual(expect.any(String))
  })

  test('has links, bytes and blobs as JSON writes them', async () => {
    const link = { $link: 'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua' }
    const lexicon = lexiconOf(NOTE, {
      a: { type: 'cid-link' },
      b: { type: 'bytes', maxLength: 8 },
      c: { type: 'blob', accept: ['image/*'] },
    })
    const blob = { $type: 'blob', ref: link, mimeType: 'image/png', size: 5 }
    expect(await fault({ $type: NOTE, a: link, b: { $bytes: 'aGVsbG8' }, c: blob }, lexicon)).toBeUndefined()
    expect(await fault({ $type: NOTE, b: { $bytes: 'aGVsbG8gaGVsbG8' } }, lexicon)).toEqual(expect.any(String))
    expect(await fault({ $type: NOTE, c: { ...blob, mimeType: undefined } }, lexicon)).toEqual(expect.any(String))
  })

  test('is held to what another lexicon says, where that is uploaded', async () => {
    const lexicon = lexiconOf(NOTE, { other: { type: 'ref', ref: 'app.example.defs#text' } })
    const defs = { lexicon: 1, id: 'app.example.defs', defs: { text } }
    expect(await fault({ $type: NOTE, other: 'too long' }, lexicon, defs)).toEqual(expect.any(String))
    expect(await fault({ $type: NOTE, other: 'too long' }, lexicon)).toBeUndefined()
    expect(await fault({ $type: NOTE, other: 'too long' }, lexicon, { ...defs, defs: {} })).toBeUndefined()
  })

  test('is held to nothing without a lexicon, or by one of another type', async () => {
    expect(await fault({ $type: NOTE })).toBeUndefined()
    expect(await fault({ $type: NOTE }, { ...query, id: NOTE })).toBeUndefined()
  })

  test.each<[string, object]>([
    ['a most and no least', { type: 'integer', maximum: 100 }],
    ['a least below zero', { type: 'integer', minimum: -10, maximum: 100 }],
    ['a choice', { type: 'integer', enum: [-5, 5] }],
    ['a usual value', { type: 'integer', default: -1 }],
  ])('may hold an integer below zero where the lexicon names %s', async (_, n) => {
    expect(readLexicon(lexiconOf(NOTE, { n }))).toMatchObject({ id: NOTE })
    expect(await fault({ $type: NOTE, n: -5 }, lexiconOf(NOTE, { n }))).toBeUndefined()
  })

  test('may not hold an integer below a least that is below zero', async () => {
    expect(await fault({ $type: NOTE, n: -11 }, lexiconOf(NOTE, { n: { type: 'integer', minimum: -10 } }))).toEqual(expect.any(String))
  })

  const odd: [string, ReturnType<typeof lexiconOf>][] = [
    ['contradicts itself', lexiconOf(NOTE, { n: { type: 'integer', minimum: 9, maximum: 1 } })],
    ['has a usual value that is none of its choices', lexiconOf(NOTE, { t: { type: 'string', enum: ['a'], default: 'b' } })],
    ['refers to a record', lexiconOf(NOTE, { other: { type: 'ref', ref: '#main' } })],
    ['has a union with a text', lexiconOf(NOTE, { other: { type: 'union', refs: ['#text'] } }, {}, { text })],
    ['requires what it does not describe', lexiconOf(NOTE, {}, { required: ['missing'] })],
  ]
  test.each(odd)('is not kept from being read by a lexicon that %s: it is refused, or nothing is held to it', async (_, lexicon) => {
    try {
      readLexicon(lexicon)
    } catch (error) {
      expect(error).toMatchObject({ code: 'input' })
      return
    }
    expect(await fault({ $type: NOTE, missing: 1 }, lexicon)).toBeUndefined()
  })
})
