import { writeCarStream } from '@atcute/car'
import { fromDigest, fromString as readCid, toString as textOf } from '@atcute/cid'
import type { Json } from '../../../backend/base/json'
import type { Reader } from '../../../backend/base/sql'
import { treeOf } from '../../../backend/sandbox/atproto/tree'
import { readCar } from '../../../backend/sources/atproto/car'
import { cidOf, encodeRecord } from '../../../backend/sources/atproto/cid'
import { readDocument } from '../../../backend/sources/atproto/identity'
import { readLexicon, validators } from '../../../backend/sources/atproto/lexicons'
import { writeIdentities } from '../../../backend/sources/atproto/store-repos'
import { host } from '../../../backend/sources/atproto/streams/host'
import { hosts } from '../../../backend/sources/atproto/streams/hosts'
import { relay } from '../../../backend/sources/atproto/streams/relay'
import { didOf, discoverAll, NOTE } from '../../support/atproto-reads'
import { type AtprotoWorld, atprotoWorld } from '../../support/atproto-world'
import { fakeIo } from '../../support/eve'

/* Forms that servers and lexicons of other makes have: inline objects, null for an empty list, blocks nobody links to. */

const DID = didOf(1)
const GAME = 'games.sandbox.game'

let versions = 0
/** What is wrong with a record by these lexicons. */
async function fault(value: object, rkey: string, ...lexicons: object[]) {
  const rows = lexicons.map((document) => ({ document: structuredClone(document) }))
  versions++
  const db = { query: async (sql: string) => (sql.includes('count(*)') ? [{ version: `forms ${versions}` }] : rows) } as unknown as Reader
  return (await validators(db))({ collection: NOTE, rkey }, { $type: NOTE, ...value })
}
const lexiconOf = (properties: object, more: { key?: string; defs?: object } = {}) => ({
  lexicon: 1,
  id: NOTE,
  defs: { main: { type: 'record', key: more.key ?? 'any', record: { type: 'object', properties } }, ...more.defs },
})

describe('a lexicon with inline objects', () => {
  const url = { type: 'object', required: ['url'], properties: { url: { type: 'string' } } }
  const inline = lexiconOf({
    media: url,
    list: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer' }, deep: url } } },
    grid: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
    properties: { type: 'object', properties: { items: { type: 'array', items: url } } },
  })

  test('is taken as it is, and records are held to it', async () => {
    const before = JSON.stringify(inline)
    expect(readLexicon(inline)).toEqual({ id: NOTE, type: 'record', document: JSON.parse(before) })
    expect(JSON.stringify(inline)).toBe(before)
    const fits = { media: { url: 'x' }, list: [{ n: 1, deep: { url: 'y' } }], grid: [[1], []], properties: { items: [{ url: 'z' }] } }
    expect(await fault(fits, 'a', inline)).toBeUndefined()
    for (const [wrong, place] of [
      [{ media: {} }, 'media'],
      [{ media: { url: 7 } }, 'media/url'],
      [{ list: [{ n: 1 }, { n: 'x' }] }, 'list/1/n'],
      [{ list: [{ deep: {} }] }, 'list/0/deep'],
      [{ grid: [[1], ['x']] }, 'grid/1/0'],
      [{ properties: { items: [{ url: 1 }] } }, 'properties/items/0/url'],
    ] as const)
      expect([wrong, await fault(wrong, 'a', inline)]).toEqual([wrong, expect.stringContaining(place)])
  })

  test('whose inline object has a fault is refused, and the place is named', () => {
    const odd = lexiconOf({ media: { type: 'object', properties: { url: { type: 'text' } } } })
    expect(() => readLexicon(odd)).toThrow(expect.objectContaining({ field: expect.stringContaining('defs.main.record.properties.media') }))
    const defs = { other: { type: 'object', properties: { n: { type: 'text' } } } }
    expect(() => readLexicon(lexiconOf({}, { defs }))).toThrow(expect.objectContaining({ field: expect.stringContaining('defs.other') }))
  })
})

describe('a record that is held to its lexicon', () => {
  const ref = { $link: 'bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity' }
  const blob = (mimeType: string, size: number) => ({ $type: 'blob', ref, mimeType, size })
  const image = { type: 'blob', accept: ['image/*', 'video/mp4'], maxSize: 20 }

  test.each([
    ['image/png', 20, true],
    ['IMAGE/PNG; charset=x', 1, true],
    ['video/mp4', 1, true],
    ['video/mp4x', 1, false],
    ['text/plain', 1, false],
    ['image', 1, false],
    ['image/png', 21, false],
  ])('has a blob of %s and %i bytes: %s', async (mimeType, size, isFine) => {
    const lexicon = lexiconOf({ img: image })
    expect(await fault({ img: blob(mimeType, size) }, 'a', lexicon)).toEqual(isFine ? undefined : expect.stringContaining('Record/img'))
  })

  test('has its blobs read wherever they are', async () => {
    const defs = { pic: { type: 'object', properties: { img: image } }, other: { type: 'object', properties: {} } }
    const lexicon = lexiconOf(
      {
        ref: { type: 'ref', ref: '#pic' },
        list: { type: 'array', items: image },
        inline: { type: 'object', properties: { img: image } },
        union: { type: 'union', refs: ['#pic', '#other'] },
        any: { type: 'blob', accept: ['*/*'] },
      },
      { defs },
    )
    const bad = { img: blob('text/plain', 1) }
    for (const value of [
      { ref: bad },
      { list: [blob('image/png', 1), bad.img] },
      { inline: bad },
      { union: { $type: `${NOTE}#pic`, ...bad } },
    ])
      expect([value, await fault(value, 'a', lexicon)]).toEqual([value, expect.stringContaining('must be image/* or video/mp4')])
    const fine = { union: { $type: `${NOTE}#unknown`, ...bad }, any: blob('x/y', 9e9), list: [] }
    expect(await fault(fine, 'a', lexicon)).toBeUndefined()
  })

  test.each([
    ['tid', '3jzfcijpj2z2a', 'self'],
    ['nsid', 'app.bsky.feed.post', 'self'],
    ['literal:self', 'self', 'other'],
    ['any', 'a', undefined],
    ['of the future', 'a', undefined],
  ])('has a key of the form %s', async (key, fits, wrong) => {
    expect(await fault({}, fits, lexiconOf({}, { key }))).toBeUndefined()
    if (wrong !== undefined) expect(await fault({}, wrong, lexiconOf({}, { key }))).toContain(`its key is "${wrong}"`)
  })
})

describe('null for an empty list', () => {
  test('is none of a relay, of its hosts and of the repos of a host; an empty cursor is the end', async () => {
    const empty = { data: { repos: null, cursor: '' } }
    expect((await discoverAll(relay, { relay: () => empty })).asked).toHaveLength(1)
    expect((await discoverAll(host, { pds: () => empty }, { key: 'pds.example' })).asked).toHaveLength(1)
    const step = { key: 'all', cursor: { empty: 0 }, params: {} as never, source: 'atproto', job: 'job', attempts: 0 }
    const page = await hosts.read(step, fakeIo({ relay: () => ({ data: { hosts: null, cursor: null } }) }))
    expect(page).toMatchObject({ next: null, tasks: [] })
  })

  test('is none of a document either', () => {
    expect(readDocument(DID, { id: DID, alsoKnownAs: null, service: null })).toMatchObject({ fault: 'no_pds' })
  })

  test.each([undefined, {}, 'none'])('is not %p', async (repos) => {
    await expect(discoverAll(relay, { relay: () => ({ data: { repos } }) }, { patience: 0 })).rejects.toThrow()
  })
})

describe('a repo as an archive', () => {
  test('may have blocks that nobody links to', async () => {
    const record = { $type: NOTE, text: 'hello' }
    const nodes = await treeOf([{ key: `${NOTE}/aaa`, value: { $link: cidOf(record) } }])
    const head = { did: DID, version: 3, data: { $link: nodes[0]?.cid }, rev: '3jzfcijpj2z2a', prev: null, sig: { $bytes: 'AAAA' } } as Json
    const raw = Buffer.from('any bytes')
    const blocks = [
      { cid: cidOf(head), bytes: encodeRecord(head) },
      { cid: textOf(fromDigest(0x55, new Uint8Array(await crypto.subtle.digest('SHA-256', raw)))), bytes: raw },
      ...nodes,
      { cid: cidOf(record), bytes: encodeRecord(record) },
    ]
    const parts: Uint8Array[] = []
    for await (const part of writeCarStream(
      [{ $link: cidOf(head) }],
      blocks.map(({ cid, bytes }) => ({ cid: readCid(cid).bytes, data: bytes })),
    ))
      parts.push(part)
    const read = readCar(Buffer.concat(parts), DID, new Set([NOTE]))
    expect(read.entries.map(({ record: one }) => 'json' in one && JSON.parse(one.json))).toEqual([record])
  })
})

describe('a handle', () => {
  const document = (name: string) => ({
    id: DID,
    alsoKnownAs: [`at://${name}`],
    service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: 'https://pds.example' }],
  })

  test('that has proved wrong is none', () => {
    expect(readDocument(DID, document('handle.invalid'))).toEqual({ pds: 'pds.example', handle: null })
    expect(readDocument(DID, document('HANDLE.invalid'))).toEqual({ pds: 'pds.example', handle: null })
  })
})

describe('a network', () => {
  let world: AtprotoWorld
  beforeAll(async () => {
    world = await atprotoWorld({ repos: 12 })
  }, 120_000)
  afterAll(() => world?.close())
  beforeEach(() => world.fresh())

  test('whose host describes and lists with null is read', async () => {
    await world.upload(GAME, 'games.sandbox.score')
    const [one, two] = world.repos(GAME)
    world.answers('describeRepo', one, 200, { did: one.did, handle: 'x.example.com', didDoc: {}, collections: null, handleIsCorrect: true })
    world.answers('listRecords', two, 200, { records: null, cursor: null })
    expect(await world.backfill({})).toMatchObject({ status: 'completed' })
    const left = await world.suite.db.query<{ did: string }>('select distinct did from atproto.records where did = any($1)', [
      [one.did, two.did],
    ])
    expect(left).toEqual([{ did: one.did }])
  }, 120_000)

  test('keeps no handle that its document does not name any more, and the one of an account that is only inactive', async () => {
    const { db } = world.suite
    const write = (more: object) => db.tx((tx) => writeIdentities(tx, [{ did: DID, pds: 'pds.example', status: 'active', ...more }]))
    const handle = async () =>
      (await db.query<{ handle: string | null }>('select handle from atproto.repos where did = $1', [DID]))[0]?.handle
    await write({ handle: 'alice.example.com' })
    await write({ status: 'deactivated' })
    expect(await handle()).toBe('alice.example.com')
    await write({ handle: null })
    expect(await handle()).toBeNull()
  }, 120_000)
})
