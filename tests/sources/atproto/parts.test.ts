import dns from 'node:dns'
import { writeCarStream } from '@atcute/car'
import { decode, encode } from '@atcute/cbor'
import { fromDigest, fromString as readCid, toString as textOf } from '@atcute/cid'
import fc from 'fast-check'
import { Fatal, Refused, RetryLater, Throttled } from '../../../backend/base/errors'
import type { Json } from '../../../backend/base/json'
import { readConfig } from '../../../backend/config/config'
import type { Io, RawAnswer, RouteJob } from '../../../backend/contract'
import { parsed } from '../../../backend/contract'
import type { Gate } from '../../../backend/gate/gate'
import { effectiveLimits } from '../../../backend/gate/limits'
import { createHttpFactory } from '../../../backend/http'
import { treeOf } from '../../../backend/sandbox/atproto/tree'
import { startSandbox } from '../../../backend/sandbox/server'
import { atproto } from '../../../backend/sources/atproto'
import { understandPds } from '../../../backend/sources/atproto/apis'
import { readCar, type Snapshot } from '../../../backend/sources/atproto/car'
import { cidOf, encodeRecord } from '../../../backend/sources/atproto/cid'
import { listRecords } from '../../../backend/sources/atproto/client'
import { hostOf } from '../../../backend/sources/atproto/hosts'
import { identify, readDocument } from '../../../backend/sources/atproto/identity'
import { params, subjectOf } from '../../../backend/sources/atproto/params'
import { plan } from '../../../backend/sources/atproto/plan'
import { isReject, type Row, readListed, storable } from '../../../backend/sources/atproto/records'
import { statusShown } from '../../../backend/sources/atproto/routes/status'
import type { Shown } from '../../../backend/sources/atproto/store'
import type { Discovery, Found, Listing } from '../../../backend/sources/atproto/streams/cursor'
import { discoveryCursor } from '../../../backend/sources/atproto/streams/cursor'
import { host } from '../../../backend/sources/atproto/streams/host'
import { keyOf, MAX_IDLE, startListing, turnPage } from '../../../backend/sources/atproto/streams/listing'
import { named } from '../../../backend/sources/atproto/streams/named'
import { relay } from '../../../backend/sources/atproto/streams/relay'
import { asked, didIn, didOf, discoverAll, documentAt, longList, NOTE } from '../../support/atproto-reads'
import { fakeIo, type Upstream } from '../../support/eve'
import { quiet } from '../../support/suite'
import type { Sandbox } from '../../support/system'

/* The parts of the source by themselves: no database, no broker. */

const ALICE = didOf(1)
const BOB = didOf(2)

describe('a request', () => {
  const OBJECT = 'The request must be a JSON object such as {"collection": "app.bsky.feed.post"}.'
  const NSID = 'collection must be an NSID like app.bsky.feed.post.'
  const repoAt = (field: string, got: string) =>
    `${field} must be a DID (did:plc: or did:web:) or a handle like alice.example.com, got ${JSON.stringify(got)}.`
  const RELAY_ONLY = 'newOnly goes with the relay only: it keeps the order in which repos came.'

  test.each<[unknown, string, string]>([
    [undefined, '', OBJECT],
    [null, '', OBJECT],
    ['app.bsky.feed.post', '', OBJECT],
    [[], '', OBJECT],
    [{ collection: 'post' }, 'collection', NSID],
    [{ collection: 'app.bsky' }, 'collection', NSID],
    [{ collection: 'app.bsky.feed.*' }, 'collection', NSID],
    [{ collection: 7 }, 'collection', NSID],
    [{ collection: '' }, 'collection', NSID],
    [{ did: 'alice' }, 'did', repoAt('did', 'alice')],
    [{ did: 'did:key:z6MkhaXg' }, 'did', repoAt('did', 'did:key:z6MkhaXg')],
    [{ did: 'did:plc:' }, 'did', repoAt('did', 'did:plc:')],
    [{ did: 'https://bsky.app/profile/alice.example.com' }, 'did', repoAt('did', 'https://bsky.app/profile/alice.example.com')],
    [{ did: '' }, 'did', repoAt('did', '')],
    [{ did: 7 }, 'did', 'did must be a DID like did:plc:z72i7hdynmk6r22z27h6tvur, or a handle.'],
    [{ dids: [ALICE, 'alice.123'] }, 'dids.1', repoAt('dids.1', 'alice.123')],
    [{ dids: ALICE }, 'dids', 'dids must be a list of DIDs and handles.'],
    [{ dids: Array.from({ length: 10_001 }, () => ALICE) }, 'dids', 'dids names more than 10000 repos.'],
    [{ pds: ['https://pds.example/xrpc'] }, 'pds.0', 'pds.0 has a path, got "https://pds.example/xrpc".'],
    [{ pds: ['pds.example', 'pds.example?a=1'] }, 'pds.1', 'pds.1 has a query, got "pds.example?a=1".'],
    [{ pds: ['https://me:secret@pds.example'] }, 'pds.0', 'pds.0 carries credentials, got "https://me:secret@pds.example".'],
    [{ pds: ['pds.example#here'] }, 'pds.0', 'pds.0 has a fragment, got "pds.example#here".'],
    [{ pds: [''] }, 'pds.0', 'pds.0 is not the address of a host, got "".'],
    [{ pds: 'pds.example' }, 'pds', 'pds must be a list of PDS addresses.'],
    [{ pds: Array.from({ length: 1001 }, () => 'pds.example') }, 'pds', 'pds names more than 1,000 hosts.'],
    [{ pds: ['pds.example'], did: ALICE }, 'pds', 'pds goes with discovery; the repos are named already.'],
    [{ newOnly: true, did: ALICE }, 'newOnly', RELAY_ONLY],
    [{ newOnly: true, dids: [ALICE] }, 'newOnly', RELAY_ONLY],
    [{ newOnly: true, pds: ['pds.example'] }, 'newOnly', RELAY_ONLY],
    [{ newOnly: true, discovery: 'hosts' }, 'newOnly', RELAY_ONLY],
    [{ newOnly: 'yes' }, 'newOnly', 'newOnly must be true or false.'],
    [{ validate: 1 }, 'validate', 'validate must be true or false.'],
    [{ discovery: 'firehose' }, 'discovery', 'discovery must be relay or hosts.'],
    [{ method: 'sea' }, 'method', 'method must be auto, list or car.'],
    [
      { colection: NOTE },
      'colection',
      'colection is not a field; there are collection, did, dids, pds, discovery, method, newOnly, validate.',
    ],
  ])('%j is refused at %j', (raw, field, sentence) => {
    const refused = caught(() => parsed(params, raw))
    expect(refused).toBeInstanceOf(Refused)
    expect(refused).toMatchObject({ code: 'input', field, message: sentence })
  })

  test('has each of its faults named', () => {
    const refused = caught(() => parsed(params, { collection: 'x', method: 'sea', dids: ['alice'] })) as Refused
    expect(refused.faults.map(({ field }) => field).sort()).toEqual(['collection', 'dids.0', 'method'])
  })

  test('that is empty means everything, by the relay', () => {
    const everything = { dids: [], pds: [], discovery: 'relay', method: 'auto', newOnly: false, validate: false }
    expect(params.parse({})).toEqual(everything)
    expect(subjectOf(params.parse({}))).toBe('records:all')
  })

  test('may have fields of others beside its own', () => {
    expect(params.parse({ collection: NOTE, requestedBy: 'somebody' })).toMatchObject({ collection: NOTE })
  })

  test('names each repo and host once, however it is written', () => {
    const raw = { collection: ` ${NOTE} `, did: ALICE, dids: [BOB, '@Alice.Example.COM', ALICE, 'alice.example.com'] }
    expect(params.parse(raw)).toMatchObject({ collection: NOTE, dids: [ALICE, BOB, 'alice.example.com'] })
    const hosts = ['https://PDS.example', 'pds.example', 'https://pds.example:443/', 'http://127.0.0.1:2583']
    expect(params.parse({ pds: hosts }).pds).toEqual(['pds.example', 'http://127.0.0.1:2583'])
  })

  const names = fc.uniqueArray(fc.constantFrom(ALICE, BOB, 'did:web:example.com', 'alice.example.com', '@Bob.Example.com', 'c.example.org'))
  const hosts = fc.uniqueArray(
    fc.constantFrom('pds.example', 'https://Other.example', 'http://127.0.0.1:2583', 'https://third.example:8443'),
  )
  const asking = fc.oneof(
    fc.record(
      { collection: fc.constantFrom(NOTE, ` ${NOTE}`), dids: names, did: fc.constantFrom(ALICE, 'x.example.com') },
      { requiredKeys: [] },
    ),
    fc.record({ collection: fc.constant(NOTE), pds: hosts, discovery: fc.constantFrom('relay', 'hosts') }, { requiredKeys: [] }),
    fc.record({ collection: fc.constant(NOTE), newOnly: fc.boolean() }, { requiredKeys: [] }),
  )
  const manner = fc.record({ method: fc.constantFrom('auto', 'list', 'car'), validate: fc.boolean() }, { requiredKeys: [] })

  test('read again is the same: what is kept of a job means what was asked', () => {
    fc.assert(
      fc.property(asking, manner, (what, how) => {
        const once = params.parse({ ...what, ...how })
        expect(params.parse(JSON.parse(JSON.stringify(once)))).toEqual(once)
        expect(plan(params.parse(JSON.parse(JSON.stringify(once))))).toEqual(plan(once))
      }),
    )
  })

  test('is about the same whatever its order and its method', () => {
    const shuffle = <T>(all: T[] | undefined): T[] | undefined => all?.toReversed()
    fc.assert(
      fc.property(asking, manner, manner, (what, how, otherwise) => {
        const { dids, pds } = what as { dids?: string[]; pds?: string[] }
        const turned = { ...what, ...(dids && { dids: shuffle(dids) }), ...(pds && { pds: shuffle(pds) }), ...otherwise }
        expect(subjectOf(params.parse(turned))).toBe(subjectOf(params.parse({ ...what, ...how })))
      }),
    )
  })

  test('is about something else for another collection, other repos, other hosts', () => {
    const many = Array.from({ length: 5 }, (_, n) => didOf(n))
    const different = [
      {},
      { collection: NOTE },
      { discovery: 'hosts' },
      { did: ALICE },
      { dids: [ALICE, BOB] },
      { dids: many },
      { dids: [...many, didOf(5)] },
      { collection: NOTE, dids: many },
      { pds: ['pds.example'] },
    ]
    expect(new Set(different.map((raw) => subjectOf(params.parse(raw)))).size).toBe(different.length)
  })

  test('for the repo of a handle is not one for the host of that name', () => {
    const repo = params.parse({ collection: NOTE, did: 'alice.example.com' })
    const everything = params.parse({ collection: NOTE, pds: ['alice.example.com'] })
    expect(subjectOf(repo)).not.toBe(subjectOf(everything))
  })
})

describe('a plan', () => {
  const tasksOf = (raw: object) => plan(params.parse(raw)).tasks

  test('asks the relay for a collection, and for the collections first where none is named', () => {
    expect(tasksOf({ collection: NOTE })).toEqual([{ stream: 'relay', key: NOTE, cursor: discoveryCursor() }])
    expect(tasksOf({})).toEqual([{ stream: 'collections', key: 'all', cursor: discoveryCursor() }])
    expect(tasksOf({ discovery: 'hosts' })).toEqual([{ stream: 'hosts', key: 'all', cursor: discoveryCursor() }])
  })

  test('lists each host that is named in a lane of its own', () => {
    expect(tasksOf({ collection: NOTE, pds: ['a.example', 'b.example'] })).toEqual([
      { stream: 'host', key: 'a.example', lane: 'repos of a.example', cursor: discoveryCursor() },
      { stream: 'host', key: 'b.example', lane: 'repos of b.example', cursor: discoveryCursor() },
    ])
  })

  test.each([1, 499, 500, 501, 1201])('takes %i named repos 500 at a time, each once and in order', (count) => {
    const dids = Array.from({ length: count }, (_, n) => didOf(n))
    const tasks = tasksOf({ collection: NOTE, dids })
    const pending = tasks.map(({ cursor }) => (cursor as unknown as Discovery).pending.map(({ name }: Found) => name))
    expect(tasks.map(({ key }) => key)).toEqual(Array.from({ length: Math.ceil(count / 500) }, (_, n) => String(n + 1)))
    expect(pending.slice(0, -1).every(({ length }) => length === 500)).toBe(true)
    expect(pending.flat()).toEqual(dids)
  })

  test('keeps to eight hosts at once and three repos of each', () => {
    expect(plan(params.parse({ collection: NOTE }))).toMatchObject({ lanesAtOnce: 8, laneWidth: 3, backlog: 20_000 })
  })
})

describe('the host of an endpoint', () => {
  test.each([
    ['https://pds.example.com', 'pds.example.com'],
    ['https://pds.example.com/', 'pds.example.com'],
    ['https://PDS.Example.com:443', 'pds.example.com'],
    ['https://pds.example.com:8443', 'pds.example.com:8443'],
    ['http://127.0.0.1:2583', 'http://127.0.0.1:2583'],
    ['https://[2606:4700::1]:8443', '[2606:4700::1]:8443'],
  ])('%s is %s', (endpoint, host) => expect(hostOf(endpoint)).toBe(host))

  test.each<[unknown, string]>([
    ['ftp://pds.example.com', 'is neither https nor http'],
    ['javascript:alert(1)', 'is neither https nor http'],
    ['https://me@pds.example.com', 'carries credentials'],
    ['https://:secret@pds.example.com', 'carries credentials'],
    ['https://pds.example.com?', 'has a query'],
    ['https://pds.example.com/?tenant=1', 'has a query'],
    ['https://pds.example.com#', 'has a fragment'],
    ['https://pds.example.com/xrpc', 'has a path'],
    ['https://pds.example.com//', 'has a path'],
    ['pds.example.com', 'is not the address of a host'],
    ['', 'is not the address of a host'],
    [undefined, 'is not the address of a host'],
    [{ uri: 'https://pds.example.com' }, 'is not the address of a host'],
    [['https://pds.example.com'], 'is not the address of a host'],
  ])('%p %s', (endpoint, fault) => expect(hostOf(endpoint)).toEqual({ fault }))
})

describe('a DID document', () => {
  const pds = (more: object = {}) => ({
    id: '#atproto_pds',
    type: 'AtprotoPersonalDataServer',
    serviceEndpoint: 'https://pds.example.com',
    ...more,
  })
  const documentWith = (...service: unknown[]) => ({ id: ALICE, alsoKnownAs: ['at://Alice.Example.com'], service })

  test.each([
    ['a fragment', '#atproto_pds'],
    ['whole', `${ALICE}#atproto_pds`],
  ])('names its host by an id that is %s', (_, id) => {
    expect(readDocument(ALICE, documentWith(pds({ id })))).toEqual({ pds: 'pds.example.com', handle: 'alice.example.com' })
  })

  test('means the first service that fits; others do not concern it', () => {
    const others = [
      'nonsense',
      null,
      { id: 7 },
      pds({ id: '#labeler', type: 'AtprotoLabeler' }),
      pds({ type: 'SomethingElse' }),
      pds({ id: `${BOB}#atproto_pds` }),
    ]
    const document = documentWith(
      ...others,
      pds({ serviceEndpoint: 'https://one.example' }),
      pds({ serviceEndpoint: 'https://two.example' }),
    )
    expect(readDocument(ALICE, document)).toMatchObject({ pds: 'one.example' })
  })

  test('names the first handle among its other names, or none', () => {
    const known = (...names: string[]) => ({ ...documentWith(pds()), alsoKnownAs: names })
    expect(readDocument(ALICE, known('https://alice.example.com', 'at://A.example', 'at://b.example'))).toMatchObject({
      handle: 'a.example',
    })
    expect(readDocument(ALICE, known())).toMatchObject({ handle: null })
    expect(readDocument(ALICE, { id: ALICE, service: [pds()] })).toMatchObject({ handle: null })
  })

  test.each<[string, unknown, string, string]>([
    ['of somebody else', { ...documentWith(pds()), id: BOB }, 'did_document', `the document of ${ALICE} is one of "${BOB}"`],
    ['without services', { id: ALICE }, 'no_pds', `the document of ${ALICE} names no PDS`],
    ['with a labeler only', documentWith(pds({ id: '#labeler' })), 'no_pds', `the document of ${ALICE} names no PDS`],
    ['of the wrong type', documentWith(pds({ type: 'AtprotoLabeler' })), 'no_pds', `the document of ${ALICE} names no PDS`],
    [
      'with a path',
      documentWith(pds({ serviceEndpoint: 'https://pds.example.com/x' })),
      'pds_address',
      `the PDS in the document of ${ALICE} has a path: "https://pds.example.com/x"`,
    ],
    [
      'with no address',
      documentWith(pds({ serviceEndpoint: undefined })),
      'pds_address',
      `the PDS in the document of ${ALICE} is not the address of a host: undefined`,
    ],
  ])('%s cannot be read by', (_, document, fault, text) => expect(readDocument(ALICE, document)).toEqual({ fault, text }))

  test.each([undefined, null, 'text', [], {}, { id: 7 }])('%p is none', (document) => {
    expect(readDocument(ALICE, document)).toMatchObject({ fault: 'did_document' })
  })

  test('gives no handle that a database cannot hold', () => {
    const odd = (name: string) => readDocument(ALICE, { ...documentWith(pds()), alsoKnownAs: [`at://${name}`] })
    expect(odd('alice\u0000.example.com')).toEqual({ pds: 'pds.example.com', handle: null })
  })

  test('of somebody else is told in words that a database can hold', () => {
    const told = readDocument(ALICE, { ...documentWith(pds()), id: 'did:plc:\u0000' })
    expect(told).toMatchObject({ fault: 'did_document', text: expect.not.stringContaining('\u0000') })
  })
})

/** The data model in JSON, integers and links and bytes included. */
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 })
const links = digest.map((bytes) => ({ $link: textOf(fromDigest(0x71, bytes)) }))
const bytes = fc.uint8Array({ maxLength: 40 }).map((raw) => ({ $bytes: Buffer.from(raw).toString('base64').replace(/=+$/, '') }))
const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', minLength: 20, maxLength: 400 }))
const keys = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('a', 'aa', 'b', 'é', '\uffff', '😀', '__proto__', 'toString'),
)
const leaves = fc.oneof(texts, fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 }), fc.boolean(), fc.constant(null), links, bytes)
const objectOf = (entries: [string, unknown][]): object => Object.fromEntries(entries)
const isMap = (value: object) => !['$link', '$bytes'].includes(Object.keys(value).join())
const model = (key: fc.Arbitrary<string>) =>
  fc.letrec<{ value: unknown; map: object }>((tie) => ({
    value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaves, tie('map'), fc.array(tie('value'), { maxLength: 6 })),
    map: fc
      .array(fc.tuple(key, tie('value')), { maxLength: 6 })
      .map(objectOf)
      .filter(isMap),
  })).map
const sorted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  return objectOf(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [key, sorted(inner)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}
/** Written with its keys in one order: `__proto__` would be lost in a comparison of objects. */
const written = (value: unknown): string => JSON.stringify(sorted(value))

describe('the bytes of a record', () => {
  test('are those of the encoder', () => {
    fc.assert(
      fc.property(model(keys), (value) => {
        expect(Buffer.from(encodeRecord(value as Json)).equals(encode(value))).toBe(true)
      }),
    )
  })

  test('say the same again and have their keys in canonical order, whatever the keys are called', () => {
    const odd = fc.oneof(keys, fc.constantFrom('constructor', '__proto__', 'prototype', 'constructos', 'Constructor', 'hasOwnProperty'))
    fc.assert(
      fc.property(model(odd), (value) => {
        // The decoder refuses keys in any other order.
        const back = decode(encodeRecord({ constructor: value, $type: NOTE } as Json))
        expect(written(JSON.parse(JSON.stringify(back)))).toBe(written({ constructor: value, $type: NOTE }))
      }),
    )
  })

  test.each([1, 23, 24, 255, 256, 65_535, 65_536])('tell the length of a list or map of %i', (length) => {
    expect(decode(longList(length))).toHaveLength(length)
    const map = objectOf([['constructor', 1], ...Array.from({ length: length - 1 }, (_, n): [string, unknown] => [`k${n}`, n])])
    expect(decode(encodeRecord(map as Json))).toEqual(map)
  })

  test('have the CID that hosts give them', () => {
    expect(cidOf({})).toBe('bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua')
    expect(cidOf({ a: { $bytes: 'aGk=' } })).toBe(cidOf({ a: { $bytes: 'aGk' } }))
  })

  test.each<[string, Json]>([
    ['an integer above 2^53', { n: 2 ** 53 }],
    ['one below -2^53', { n: -(2 ** 53) }],
    ['infinity', { n: Number.POSITIVE_INFINITY }],
    ['a link that is none', { l: { $link: 'nonsense' } }],
    ['a link to a number', { l: { $link: 7 } }],
    ['bytes that are none', { b: { $bytes: '***' } }],
  ])('are not made of %s', (_, value) => {
    expect(caught(() => cidOf(value))).toEqual(expect.any(Error))
    expect(readListed({ uri: `at://${ALICE}/${NOTE}/x`, cid: 'bafy', value }, ALICE, NOTE)).toMatchObject({ reason: 'cid_mismatch' })
  })
})

describe('what can be stored', () => {
  const units = fc.constantFrom(
    '\\',
    'u0000',
    'ud83d',
    'u',
    '0000',
    'd83d',
    '"',
    '\n',
    'é',
    '😀',
    'x',
    '\u0000',
    '\ud83d',
    '\udc00',
    '\u2028',
  )
  const odd = fc.array(units, { maxLength: 6 }).map((parts) => parts.join(''))
  const values = fc.letrec<{ value: unknown; map: object }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      odd,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      tie('map'),
      fc.array(tie('value'), { maxLength: 4 }),
    ),
    map: fc.array(fc.tuple(odd, tie('value')), { maxLength: 4 }).map(objectOf),
  })).map
  const textsIn = (value: unknown): string[] => {
    if (typeof value === 'string') return [value]
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)])
  }

  test('is every object without NUL and half a surrogate pair; its JSON says the same again', () => {
    fc.assert(
      fc.property(values, (value) => {
        const stored = storable(value)
        const isOdd = textsIn(value).some((text) => text.includes('\u0000') || /\p{Surrogate}/u.test(text))
        expect('fault' in stored).toBe(isOdd)
        if ('json' in stored) expect(written(JSON.parse(stored.json))).toBe(written(value))
      }),
      { numRuns: 500 },
    )
  })

  test.each([['\\u0000'], ['\\\\u0000'], ['a\\\\\\u0000'], ['\\ud83d'], ['\\'], ['\\\\'], ['"\\u0000"']])(
    'is the text %j, which only looks like an escape',
    (text) => expect(storable({ text, [text]: 1 })).toEqual({ json: JSON.stringify({ text, [text]: 1 }) }),
  )

  test.each([['\u0000'], ['\\\u0000'], ['\\\\\u0000'], ['\ud83d'], ['\udc00\ud83d'], ['x\ud83dx']])('is not the text %j', (text) => {
    const fault = 'it holds NUL or half a surrogate pair, which Postgres does not store'
    expect(storable({ text })).toEqual({ fault })
    expect(storable({ in: [{ [text]: true }] })).toEqual({ fault })
  })

  test.each([undefined, null, 'text', 7, [], [{}]])('is not %p', (value) => {
    expect(storable(value)).toEqual({ fault: 'it is no object' })
  })

  test('is nested 200 levels deep and no deeper, and however deep it is read', () => {
    const nested = (levels: number) => {
      let value: object = {}
      for (let n = 1; n < levels; n++) value = n % 2 ? [value] : { in: value }
      return { in: value }
    }
    expect(storable(nested(199))).toHaveProperty('json')
    expect(storable(nested(200))).toEqual({ fault: 'it is nested deeper than 200 levels' })
    expect(storable(nested(200_000))).toHaveProperty('fault')
  })

  test('has up to 4 MiB of JSON, in bytes', () => {
    const most = 4 * 1024 * 1024
    expect(storable({ a: 'x'.repeat(most - 8) })).toHaveProperty('json')
    expect(storable({ a: 'x'.repeat(most - 7) })).toEqual({ fault: `it has more than ${most} bytes` })
    expect(storable({ a: 'é'.repeat(most / 2) })).toHaveProperty('fault')
  })
})

describe('a listed record', () => {
  const value = { $type: NOTE, text: 'hello' }
  const listed = (more: object = {}) => ({ uri: `at://${ALICE}/${NOTE}/3k`, cid: cidOf(value), value, ...more })

  test('is taken when its CID is that of its bytes', () => {
    expect(readListed(listed(), ALICE, NOTE)).toEqual({
      uri: `at://${ALICE}/${NOTE}/3k`,
      did: ALICE,
      collection: NOTE,
      rkey: '3k',
      cid: cidOf(value),
      json: JSON.stringify(value),
    })
  })

  test.each(['a:b', '~', '_', '-', 'x.y', 'k'.repeat(512), '...'])('may have the key %j', (rkey) => {
    expect(readListed(listed({ uri: `at://${ALICE}/${NOTE}/${rkey}` }), ALICE, NOTE)).toMatchObject({ rkey })
  })

  test.each([
    `at://${BOB}/${NOTE}/3k`,
    `at://${ALICE}/app.example.other/3k`,
    `at://${ALICE}/${NOTE}`,
    `at://${ALICE}/${NOTE}/`,
    `at://${ALICE}/${NOTE}/.`,
    `at://${ALICE}/${NOTE}/..`,
    `at://${ALICE}/${NOTE}/not/a`,
    `at://${ALICE}/${NOTE}/a key`,
    `at://${ALICE}/${NOTE}/${'k'.repeat(513)}`,
    `at://${ALICE}/${NOTE}/é`,
    `https://${ALICE}/${NOTE}/3k`,
    '',
  ])('at %j is rejected, whole', (uri) => {
    const one = listed({ uri })
    expect(readListed(one, ALICE, NOTE)).toEqual({
      key: uri.slice(0, 1000),
      reason: 'uri',
      detail: `it is no record of at://${ALICE}/${NOTE}/`,
      raw: one,
    })
  })

  test('with another CID than its own is rejected, with both', () => {
    const cid = cidOf({ other: true })
    expect(readListed(listed({ cid }), ALICE, NOTE)).toMatchObject({
      reason: 'cid_mismatch',
      detail: `its CID is ${cidOf(value)}, listed is ${cid}`,
      raw: { cid, value },
    })
  })

  test('that has lost digits is rejected, not stored as another number', () => {
    const read = (json: string) => {
      const one = JSON.parse(json) as Json
      return readListed(listed({ value: one, cid: 'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua' }), ALICE, NOTE)
    }
    expect(read('{"n": 9007199254740993}')).toMatchObject({ reason: 'cid_mismatch', detail: expect.stringContaining('it has no CID') })
    expect(read('{"n": 1e400}')).toMatchObject({ reason: 'cid_mismatch' })
    expect(read('{"n": 1.0}')).toMatchObject({ reason: 'cid_mismatch' })
    const most = { n: Number.MAX_SAFE_INTEGER, least: Number.MIN_SAFE_INTEGER }
    expect(readListed(listed({ value: most, cid: cidOf(most) }), ALICE, NOTE)).toMatchObject({ json: JSON.stringify(most) })
  })

  test('with a fraction is taken only if that is what its CID was made of', () => {
    const half = { n: 0.5 }
    expect(readListed(listed({ value: half, cid: cidOf(half) }), ALICE, NOTE)).toMatchObject({ json: '{"n":0.5}' })
    expect(readListed(listed({ value: half }), ALICE, NOTE)).toMatchObject({ reason: 'cid_mismatch' })
  })

  test('that no database stores keeps its reason; one nested too deep is not kept itself', () => {
    const withNul = { text: '\u0000' }
    expect(readListed(listed({ value: withNul, cid: cidOf(withNul) }), ALICE, NOTE)).toMatchObject({
      reason: 'unstorable',
      raw: { value: { text: '\u0000' } },
    })
    let deep: object = {}
    for (let n = 0; n < 5000; n++) deep = { deep }
    expect(readListed(listed({ value: deep }), ALICE, NOTE)).toMatchObject({ reason: 'unstorable', raw: { cid: cidOf(value) } })
  })

  test('has the key after the last slash of its address, whatever else is wrong with it', () => {
    expect(keyOf({ uri: `at://${BOB}/${NOTE}/3k` })).toBe('3k')
    expect(keyOf({ uri: 'nonsense' })).toBe('nonsense')
  })
})

describe('what a PDS says of its limit', () => {
  const understood = (status: number, headers: RawAnswer['headers'] = {}) => understandPds({ status, headers, text: '' })

  test('is what is left, where it counts as we do', () => {
    expect(understood(200, { 'ratelimit-limit': '3000', 'ratelimit-remaining': '2999' })).toEqual({
      remaining: [{ api: 'pds', tokens: 2999 }],
    })
    for (const headers of [
      { 'ratelimit-limit': '100', 'ratelimit-remaining': '99' },
      { 'ratelimit-remaining': '99' },
      { 'ratelimit-limit': '3000' },
      { 'ratelimit-limit': '3000', 'ratelimit-remaining': '0' },
      { 'ratelimit-limit': '3000', 'ratelimit-remaining': '-1' },
      { 'ratelimit-limit': '3000', 'ratelimit-remaining': 'many' },
    ])
      expect([headers, understood(200, headers)]).toEqual([headers, { remaining: [] }])
  })

  test('is left to the rule for every client when it names the moment', () => {
    expect(understood(429, { 'retry-after': '285' })).toEqual({ remaining: [] })
    expect(understood(429, { 'ratelimit-limit': '3000', 'ratelimit-remaining': '0', 'ratelimit-reset': '1793491230' })).toEqual({
      remaining: [],
    })
  })

  test.each([
    [{}],
    [{ 'ratelimit-reset': '1793491230' }],
    [{ 'ratelimit-remaining': '0' }],
    [{ 'ratelimit-remaining': '7', 'ratelimit-reset': '9' }],
  ])('is a rest of five seconds when it says wait and not until when: %j', (headers) => {
    const before = Date.now()
    const { error, block } = understood(429, headers)
    expect(error).toBeInstanceOf(Throttled)
    const { until } = error as Throttled
    expect(until.getTime()).toBeGreaterThanOrEqual(before + 5000)
    expect(until.getTime()).toBeLessThanOrEqual(Date.now() + 5000)
    expect(block).toEqual([{ api: 'pds', until, reason: 'http 429' }])
  })
})

describe('the listing of a collection', () => {
  interface Served {
    shown: Shown[]
    last: Listing
    pages: number
  }
  /** Reads pages of a host: keys, and whether it names a cursor; ends where the listing says so. */
  function readAll(pages: { keys: string[]; next?: string; isNew?: boolean }[], held: Iterable<string> = ['any']): Served {
    let listing = startListing(NOTE, new Set([...held].length > 0 ? [NOTE] : []))
    const shown: Shown[] = []
    for (const [at, { keys, next, isNew = false }] of pages.entries()) {
      const turned = turnPage(listing, ALICE, keys, next, isNew)
      if (turned.fault) throw new RetryLater(turned.fault, `at page ${at + 1}`)
      if (turned.shown) shown.push(turned.shown)
      listing = turned.listing
      if (turned.isOver) return { shown, last: listing, pages: at + 1 }
    }
    throw new Error('the host has ended, the listing has not')
  }
  const covers = ({ from, below }: Shown, key: string) => (from === undefined || key >= from) && (below === undefined || key < below)
  const marks = (stretch: Shown, key: string) => covers(stretch, key) && !stretch.keys.includes(key)

  const rkeys = fc.string({ unit: fc.constantFrom(...'0az~.:-_AZ'), minLength: 1, maxLength: 3 })
  const scenario = fc.record({
    keys: fc.uniqueArray(rkeys, { maxLength: 30 }),
    held: fc.uniqueArray(rkeys, { minLength: 1, maxLength: 30 }),
    sizes: fc.array(fc.nat({ max: 5 }), { maxLength: 12 }),
    lastHasCursor: fc.boolean(),
  })
  const pagesOf = ({ keys, sizes, lastHasCursor }: { keys: string[]; sizes: number[]; lastHasCursor: boolean }) => {
    const left = keys.toSorted((a, b) => (a < b ? 1 : -1))
    const pages: { keys: string[]; next?: string }[] = []
    for (let n = 0; left.length > 0; n++) {
      const page = left.splice(0, sizes[n] ?? 3)
      // Empty pages lead on, but never so many in a row that they look like no end.
      if (page.length > 0 || pages.at(-1)?.keys.length !== 0) pages.push({ keys: page, next: `${n} after ${page.at(-1)}` })
    }
    if (lastHasCursor || pages.length === 0) return [...pages, { keys: [] }]
    return [...pages.slice(0, -1), { keys: pages.at(-1)?.keys ?? [] }]
  }

  test('speaks of every key exactly once, and marks what is held and was not shown, once', () => {
    fc.assert(
      fc.property(scenario, (it) => {
        const { shown, pages } = readAll(pagesOf(it))
        expect(pages).toBe(pagesOf(it).length)
        for (const key of [...it.keys, ...it.held]) expect([key, shown.filter((one) => covers(one, key)).length]).toEqual([key, 1])
        for (const key of it.held)
          expect([key, shown.filter((one) => marks(one, key)).length]).toEqual([key, it.keys.includes(key) ? 0 : 1])
        for (const key of it.keys) expect(shown.some((one) => marks(one, key))).toBe(false)
        expect([shown[0]?.below, shown.at(-1)?.from]).toEqual([undefined, undefined])
        for (const [at, one] of shown.slice(1).entries()) expect(one.below).toBe(shown[at]?.from)
      }),
      { numRuns: 300 },
    )
  })

  test('marks nothing where nothing was held', () => {
    fc.assert(fc.property(scenario, (it) => expect(readAll(pagesOf(it), []).shown).toEqual([])))
  })

  test('marks nothing from the page on that is out of order', () => {
    fc.assert(
      fc.property(scenario, fc.nat(), (it, where) => {
        const pages = pagesOf(it)
        const at = where % pages.length
        const page = pages[at] as { keys: string[]; next?: string }
        const above = pages
          .slice(0, at)
          .findLast(({ keys }) => keys.length > 0)
          ?.keys.at(-1)
        const odd = above ?? page.keys[0] ?? 'twice'
        const broken = [...pages.slice(0, at), { ...page, keys: [...page.keys, odd, odd] }, ...pages.slice(at + 1)]
        const { shown, last } = readAll(broken)
        expect(last.unordered).toBe(true)
        // What was concluded before holds: it lies above the lowest key that came in order.
        expect(shown.length).toBeLessThanOrEqual(at)
        if (above !== undefined) for (const one of shown) expect(one.from !== undefined && one.from >= above).toBe(true)
      }),
    )
  })

  test('ends at a page without a cursor, and at an empty one with it only after several', () => {
    expect(readAll([{ keys: [] }])).toMatchObject({ pages: 1, shown: [{ did: ALICE, collection: NOTE, keys: [] }] })
    const stuck = Array.from({ length: 20 }, () => ({ keys: [], next: 'a' }))
    const { shown, pages } = readAll([{ keys: ['b', 'a'], next: 'a' }, ...stuck])
    expect([pages, shown.map(({ from }) => from)]).toEqual([1 + MAX_IDLE, ['a']])
  })

  test('goes on after an empty page that leads on', () => {
    const pages = [{ keys: ['e', 'd'], next: 'd' }, { keys: [], next: 'c-' }, { keys: ['c', 'a'] }]
    expect(readAll(pages).shown).toEqual([
      { did: ALICE, collection: NOTE, from: 'd', below: undefined, keys: ['e', 'd'] },
      { did: ALICE, collection: NOTE, below: 'd', keys: ['d', 'c', 'a'] },
    ])
  })

  test('is found out where a page leads back to itself', () => {
    const pages = [
      { keys: ['b'], next: 'b' },
      { keys: ['a'], next: 'b' },
    ]
    expect(caught(() => readAll(pages))).toMatchObject({ kind: 'repeated_cursor', message: 'at page 2' })
  })

  test('is found out where the same records come under ever new cursors', () => {
    const pages = Array.from({ length: 20 }, (_, n) => ({ keys: ['b', 'a'], next: String(n) }))
    expect(caught(() => readAll(pages))).toMatchObject({ kind: 'endless_listing', message: `at page ${MAX_IDLE + 1}` })
  })

  test('is no endless one while keys fall or rise, or records are new', () => {
    const pagesOf = (key: (n: number) => number, more = {}) => [
      ...Array.from({ length: 20 }, (_, n) => ({ keys: [`k${key(n)}`], next: String(n), ...more })),
      { keys: [] },
    ]
    expect(readAll(pagesOf((n) => 99 - n)).last).toMatchObject({ unordered: false, pages: 21 })
    expect(readAll(pagesOf((n) => n + 10)).last).toMatchObject({ unordered: false, pages: 21 })
    expect(readAll(pagesOf((n) => ((n * 7) % 20) + 10, { isNew: true })).last).toMatchObject({ unordered: true, pages: 21 })
  })

  test('that was given up after empty pages that led on and on says nothing of what lies below', () => {
    const empty = Array.from({ length: MAX_IDLE + 1 }, (_, n) => ({ keys: [], next: `further ${n}` }))
    const { shown, pages } = readAll([{ keys: ['d', 'c'], next: 'c' }, ...empty])
    expect(pages).toBeLessThanOrEqual(MAX_IDLE + 1)
    expect(shown.filter((one) => marks(one, 'a'))).toEqual([])
  })
})

describe('a discovery', () => {
  const RELAY = 'http://relay.test'
  const plc: Upstream = (path) => documentAt(didIn(path), 'https://pds.example')
  /** A relay that lists these pages; the cursor of each is its number. */
  const relayOf =
    (pages: { dids: string[]; cursor?: string }[]): Upstream =>
    (path) => {
      const at = Number(asked(path, 'cursor') ?? 0)
      const page = pages[at] ?? { dids: [] }
      const cursor = page.cursor ?? (at + 1 < pages.length ? String(at + 1) : undefined)
      return { data: { repos: page.dids.map((did) => ({ did })), cursor } }
    }
  const keptOf = (batches: { relay?: object }[]) => batches.flatMap(({ relay: kept }) => kept ?? [])

  test('makes a task of each repo in the lane of its host, and keeps who and where it is', async () => {
    const { tasks, batches } = await discoverAll(relay, { relay: relayOf([{ dids: [ALICE, BOB] }]), plc })
    expect(tasks).toEqual(
      [ALICE, BOB].map((key) => ({
        stream: 'repo',
        key,
        lane: 'pds.example',
        cursor: expect.objectContaining({ collections: [NOTE], pds: 'pds.example' }),
      })),
    )
    expect(batches.flatMap(({ identified = [] }) => identified)).toEqual(
      [ALICE, BOB].map((did) => ({ did, pds: 'pds.example', handle: 'somebody.example.com', status: 'active' })),
    )
  })

  test('asks a thousand repos at a time; the last page has no cursor, so the one before is kept', async () => {
    const pages = [{ dids: [didOf(1)] }, { dids: [didOf(2)] }, { dids: [didOf(3)] }]
    const { asked: requests, batches } = await discoverAll(relay, { relay: relayOf(pages), plc })
    const path = `relay /xrpc/com.atproto.sync.listReposByCollection?collection=${NOTE}&limit=1000`
    expect(requests.filter((one) => one.startsWith('relay'))).toEqual([path, `${path}&cursor=1`, `${path}&cursor=2`])
    expect(keptOf(batches)).toEqual(['1', '2'].map((cursor) => ({ relay: RELAY, collection: NOTE, cursor })))
  })

  test('keeps nothing of a list of one page', async () => {
    expect(keptOf((await discoverAll(relay, { relay: relayOf([{ dids: [ALICE] }]), plc })).batches)).toEqual([])
  })

  test('for new repos begins where the last one left off', async () => {
    const pages = [{ dids: [didOf(1)] }, { dids: [didOf(2)] }, { dids: [didOf(3)] }]
    const request = { collection: NOTE, newOnly: true }
    const { tasks, asked: requests } = await discoverAll(relay, { relay: relayOf(pages), plc }, { request, rows: [{ cursor: '1' }] })
    expect(tasks.map(({ key }) => key)).toEqual([didOf(2), didOf(3)])
    expect(requests[0]).toContain('cursor=1')
  })

  test('sends cursors as they came, whatever they hold', async () => {
    const cursor = 'a+b/c=&d?é #'
    const pages: Upstream = (path) =>
      asked(path, 'cursor') === undefined ? { data: { repos: [{ did: ALICE }], cursor } } : { data: { repos: [{ did: BOB }] } }
    const { asked: requests } = await discoverAll(relay, { relay: pages, plc })
    expect(requests.filter((one) => one.startsWith('relay')).map((path) => asked(path, 'cursor'))).toEqual([undefined, cursor])
  })

  test('goes on after an empty page that leads on, and ends after five in a row', async () => {
    const gap = await discoverAll(relay, { relay: relayOf([{ dids: [ALICE] }, { dids: [] }, { dids: [] }, { dids: [BOB] }]), plc })
    expect(gap.tasks.map(({ key }) => key)).toEqual([ALICE, BOB])
    const endless: Upstream = (path) => ({ data: { repos: [], cursor: `${asked(path, 'cursor') ?? ''}x` } })
    expect((await discoverAll(relay, { relay: endless, plc })).asked).toHaveLength(5)
  })

  test('is set back where a page leads back to itself, and has lost and doubled nobody', async () => {
    let isOdd = true
    const pages: Upstream = (path) => {
      if (asked(path, 'cursor') === undefined) return { data: { repos: [{ did: ALICE }], cursor: 'a' } }
      const cursor = isOdd ? 'a' : undefined
      isOdd = false
      return { data: { repos: [{ did: BOB }], cursor } }
    }
    const { tasks, setBack } = await discoverAll(relay, { relay: pages, plc })
    expect(setBack).toEqual([expect.objectContaining({ name: 'RetryLater', kind: 'repeated_cursor' })])
    expect(tasks.map(({ key }) => key)).toEqual([ALICE, BOB])
  })

  test('loses and doubles no repo, however often the directory fails, waits or time is up', async () => {
    const fate = fc.constantFrom('ok', 'ok', 'throttled', 'throttled', 'retry', 'gone', 'unknown')
    const history = fc.record({
      sizes: fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 4 }),
      fates: fc.array(fate, { maxLength: 80 }),
      more: fc.array(fc.boolean(), { maxLength: 60 }),
    })
    await fc.assert(
      fc.asyncProperty(history, async ({ sizes, fates, more }) => {
        const dids = Array.from({ length: sizes.reduce((sum, n) => sum + n, 0) }, (_, n) => didOf(n))
        const left = [...dids]
        const pages = sizes.map((size) => ({ dids: left.splice(0, size) }))
        const [fated, moments] = [[...fates], [...more]]
        const directory: Upstream = (path) => {
          switch (fated.shift()) {
            case 'throttled':
              return new Throttled('plc', new Date())
            case 'retry':
              return new RetryLater('http_500', 'the directory fails')
            case 'gone':
              return { status: 404, text: `{"message":"DID not available: ${didIn(path)}"}` }
            case 'unknown':
              return { status: 404, text: '{"message":"DID not registered"}' }
            default:
              return plc(path, {} as never)
          }
        }
        const { tasks } = await discoverAll(relay, { relay: relayOf(pages), plc: directory }, { more: () => moments.shift() ?? true })
        expect(tasks.map(({ key }) => key).sort()).toEqual(dids.sort())
      }),
    )
  })

  test('leaves a repo whose identity cannot be read to a task of its own after three tries', async () => {
    const directory: Upstream = (path) => (didIn(path) === BOB ? new RetryLater('timeout', 'no answer') : plc(path, {} as never))
    const { tasks, asked: requests } = await discoverAll(relay, { relay: relayOf([{ dids: [ALICE, BOB] }]), plc: directory })
    expect(tasks.map(({ key, lane }) => [key, lane])).toEqual([
      [ALICE, 'pds.example'],
      [BOB, 'host not known'],
    ])
    expect(requests.filter((path) => path === `plc /${BOB}`)).toHaveLength(3)
  })

  test('says what becomes of repos that cannot be read, and counts them', async () => {
    const directory: Upstream = (path) => {
      if (didIn(path) === didOf(1)) return { status: 410, text: '' }
      if (didIn(path) === didOf(2)) return { status: 404, text: '{"message":"DID not registered"}' }
      if (didIn(path) === didOf(3)) return documentAt(didOf(3), 'https://pds.example/path')
      return documentAt(BOB, 'https://pds.example')
    }
    const dids = [didOf(1), didOf(2), didOf(3), didOf(4)]
    const { tasks } = await discoverAll(relay, { relay: relayOf([{ dids }]), plc: directory })
    expect(tasks.map(({ ended }) => ended)).toEqual([
      { skipped: 'gone', kind: 'gone' },
      { failed: 'did_not_found', error: `${didOf(2)} is not registered` },
      { failed: 'pds_address', error: expect.stringContaining('has a path') },
      { failed: 'did_document', error: expect.stringContaining(`is one of "${BOB}"`) },
    ])
  })

  test.each<[string, string, Record<string, Upstream>]>([
    ['a DID the directory refuses', didOf(9), { plc: () => new Fatal('http_400', 'plc answered 400') }],
    ['a did:web at an address nobody may ask', 'did:web:127.0.0.1', { pds: () => new Fatal('forbidden_url', 'not a public address') }],
    ['a did:web whose host has no document', 'did:web:web.example', { pds: () => new Fatal('http_403', 'pds answered 403') }],
    ['what is no DID of this network', 'did:plc:short', {}],
    ['a did:web that cannot be decoded', 'did:web:%ff.example', { pds: () => ({ status: 404 }) }],
  ])('fails %s by itself: the others are read', async (_, odd, upstreams) => {
    const directory: Upstream = (path, request) => (didIn(path) === odd ? (upstreams.plc?.(path, request) ?? {}) : plc(path, request))
    const pages = relayOf([{ dids: [ALICE, odd, BOB] }])
    const { tasks } = await discoverAll(relay, { relay: pages, pds: upstreams.pds ?? plc, plc: directory }, { patience: 5 })
    expect(tasks.map(({ key }) => key).sort()).toEqual([ALICE, odd, BOB].sort())
    for (const { key, ended } of tasks) if (key !== odd) expect([key, ended]).toEqual([key, undefined])
  })

  test('by a host knows the state of its accounts without asking, and its word is for its own accounts only', async () => {
    const repos = [
      { did: didOf(1), head: 'x', rev: 'r1', active: true },
      { did: didOf(2), head: 'x', rev: 'r2', active: false, status: 'takendown' },
      { did: didOf(3), head: 'x', rev: 'r3' },
    ]
    const begin = { key: 'http://127.0.0.1:1', request: { collection: NOTE, pds: ['http://127.0.0.1:1'] } }
    const directory: Upstream = (path) => documentAt(didIn(path), 'http://127.0.0.1:1')
    const { tasks } = await discoverAll(host, { pds: () => ({ data: { repos } }), plc: directory }, begin)
    expect(tasks.map(({ key, ended, cursor }) => [key, ended, (cursor as { head?: { rev: string } }).head?.rev])).toEqual([
      [didOf(1), undefined, 'r1'],
      [didOf(2), { skipped: 'inactive: takendown', kind: 'inactive' }, 'r2'],
      [didOf(3), undefined, 'r3'],
    ])
  })

  test('by a host keeps where an inactive account lives, and writes its state once', async () => {
    const repos = [{ did: ALICE, head: 'x', rev: 'r1', active: false, status: 'suspended' }]
    const pds = 'http://127.0.0.1:1'
    const begin = { key: pds, request: { collection: NOTE, pds: [pds] } }
    const directory: Upstream = (path) => documentAt(didIn(path), pds)
    const first = await discoverAll(host, { pds: () => ({ data: { repos } }), plc: directory }, begin)
    const held = { did: ALICE, pds, handle: 'somebody.example.com', status: 'suspended' }
    expect(first.batches.flatMap(({ identified = [] }) => identified)).toEqual([held])
    const rows = [{ ...held, synced: {} }]
    const second = await discoverAll(host, { pds: () => ({ data: { repos } }) }, { ...begin, rows })
    expect(second.tasks).toEqual([expect.objectContaining({ key: ALICE, ended: { skipped: 'inactive: suspended', kind: 'inactive' } })])
    expect(second.batches.flatMap(({ identified = [] }) => identified)).toEqual([])
  })

  test('by a host that an account has left does not take it for inactive', async () => {
    // A PDS goes on listing accounts that have moved to another host, as deactivated.
    const repos = [{ did: ALICE, head: 'x', rev: 'r1', active: false, status: 'deactivated' }]
    const begin = { key: 'old.example', request: { collection: NOTE, pds: ['old.example'] } }
    const directory: Upstream = (path) => documentAt(didIn(path), 'https://new.example')
    const { tasks } = await discoverAll(host, { pds: () => ({ data: { repos } }), plc: directory }, begin)
    expect(tasks).toEqual([expect.objectContaining({ key: ALICE, lane: 'new.example' })])
    expect(tasks[0]?.ended).toBeUndefined()
  })

  test('by a host that an account has left does not believe what it says of the head', async () => {
    const repos = [{ did: ALICE, head: 'x', rev: 'r-of-long-ago', active: true }]
    const begin = { key: 'old.example', request: { collection: NOTE, pds: ['old.example'] } }
    const directory: Upstream = (path) => documentAt(didIn(path), 'https://new.example')
    const { tasks } = await discoverAll(host, { pds: () => ({ data: { repos } }), plc: directory }, begin)
    expect(tasks[0]?.cursor).toHaveProperty('head', undefined)
  })

  test('of named repos believes a handle only where the identity it leads to says the same', async () => {
    const handles: Upstream = (path) => {
      const handle = asked(path, 'handle')
      if (handle === 'nobody.example.com') return { status: 400, text: '{"error":"InvalidRequest"}' }
      if (handle === 'odd.example.com') return { data: { did: 'nonsense' } }
      return { data: { did: ALICE } }
    }
    const begin = discoveryCursor(
      ['somebody.example.com', 'thief.example.com', 'nobody.example.com', 'odd.example.com'].map((name) => ({ name })),
    )
    const { tasks } = await discoverAll(named, { handles, plc }, { begin })
    expect(tasks.map(({ key, ended }) => [key, ended])).toEqual([
      [ALICE, undefined],
      ['thief.example.com', { failed: 'handle_mismatch', error: expect.stringContaining('whose document names somebody.example.com') }],
      ['nobody.example.com', { failed: 'handle_not_found', error: 'the handle nobody.example.com stands for no DID' }],
      ['odd.example.com', { failed: 'handle_not_found', error: expect.stringContaining('which is no DID') }],
    ])
  })
})

describe('a backfill as it is shown', () => {
  const NONE = { waiting: 0, ready: 0, done: 0, skipped: 0, failed: 0, cancelled: 0 }
  const at = new Date('2025-01-01T00:00:00Z')
  const job = (status: string, more: Partial<RouteJob> = {}): RouteJob => ({
    id: '550e8400-e29b-41d4-a716-446655440000',
    status,
    params: {},
    error: null,
    createdAt: at,
    startedAt: null,
    completedAt: null,
    seen: 0,
    rejected: 0,
    tasks: {},
    failures: {},
    verified: null,
    cleared: false,
    skips: {},
    ...more,
  })
  const repos = (counts: Partial<typeof NONE>) => ({ tasks: { relay: { ...NONE, done: 1 }, repo: { ...NONE, ...counts } } })

  test.each<[string, Partial<RouteJob>, object]>([
    ['queued', {}, { status: 'pending', stage: 'pending', error: null }],
    ['running', { tasks: { relay: { ...NONE, ready: 1 } } }, { status: 'running', stage: 'discovering_repos', total_repos: 0 }],
    [
      'running',
      repos({ waiting: 2, ready: 1, done: 3, skipped: 1 }),
      { status: 'running', stage: 'resolving_and_fetching', total_repos: 7, processed_repos: 4 },
    ],
    ['running', repos({ done: 3 }), { status: 'running', stage: 'reporting', total_repos: 3 }],
    ['paused', repos({ waiting: 2 }), { status: 'running', stage: 'paused', error: null }],
    ['completed', repos({ done: 3, skipped: 1 }), { status: 'completed', stage: 'done', processed_repos: 4, error: null }],
    [
      'partial',
      { ...repos({ done: 3, failed: 2 }), failures: { no_pds: 2 }, error: 'the first: …' },
      { status: 'failed', error: '2 of 5 repos failed: the first: …', failed_repos: 2, error_counts: { no_pds: 2 } },
    ],
    ['partial', repos({ done: 3, failed: 2 }), { status: 'failed', error: '2 of 5 repos failed' }],
    ['failed', { error: 'no record lexicon' }, { status: 'failed', stage: 'done', error: 'no record lexicon' }],
    ['failed', {}, { status: 'failed', error: 'failed' }],
    [
      'cancelled',
      repos({ done: 1, cancelled: 4 }),
      { status: 'failed', stage: 'done', error: 'cancelled', total_repos: 5, processed_repos: 1 },
    ],
  ])('%s with %j', (state, more, shown) => {
    expect(statusShown(job(state, more), undefined)).toMatchObject({ ...shown, state })
  })

  test('has the fields its users know, in their order, and what they do not know after them', () => {
    const shown = statusShown(job('running', { startedAt: at, seen: 350, rejected: 2 }), params.parse({ collection: NOTE, did: ALICE }))
    expect(Object.entries(shown).slice(0, 11)).toEqual([
      ['id', '550e8400-e29b-41d4-a716-446655440000'],
      ['collection', NOTE],
      ['did', ALICE],
      ['status', 'running'],
      ['total_repos', 0],
      ['processed_repos', 0],
      ['total_records', 350],
      ['error', null],
      ['started_at', '2025-01-01T00:00:00.000Z'],
      ['completed_at', null],
      ['created_at', '2025-01-01T00:00:00.000Z'],
    ])
    expect(shown).toMatchObject({ rejected_records: 2, dids: [ALICE] })
    expect(statusShown(job('queued'), params.parse({ dids: [ALICE, BOB] }))).toMatchObject({
      collection: null,
      did: null,
      dids: [ALICE, BOB],
    })
    expect(statusShown(job('queued'), undefined)).toMatchObject({ collection: null, did: null, dids: [] })
  })
})

describe('an address named by a document', () => {
  afterEach(() => jest.restoreAllMocks())

  /** An `Io` with the product's own HTTP, whose gate is watched. */
  function guarded(allowPrivateHosts = false) {
    const granted: unknown[] = []
    const grant = {
      id: 'x',
      class: 'backfill',
      at: 0,
      rows: new Map(),
      names: new Map(),
      waitedMs: 0,
      inTime: () => true,
      nextAt: new Date(),
    }
    const gate = {
      acquire: async (asks: unknown) => {
        granted.push(asks)
        return grant
      },
      settleSoon: () => undefined,
      settle: async () => undefined,
      list: async () => [],
    } as unknown as Gate
    const config = readConfig([atproto], { CONTACT: 'tests@example.org', ...(allowPrivateHosts ? { ALLOW_PRIVATE_HOSTS: 'true' } : {}) })
    const http = createHttpFactory({ gate, limits: effectiveLimits([atproto], {}), config })
    const use = { class: 'backfill' as const, signal: new AbortController().signal, nextAt: {}, traffic: {}, log: quiet }
    const io: Io = { ...fakeIo({}), http: http(atproto, use) }
    return { io, granted }
  }
  const placeOf = (endpoint: string): string => {
    const read = readDocument(ALICE, {
      id: ALICE,
      service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: endpoint }],
    })
    if ('pds' in read) return read.pds
    throw new Fatal('fault' in read ? read.fault : 'gone', 'the document is refused')
  }
  const ask = { repo: ALICE, collection: NOTE, limit: 100 }

  test.each([
    'http://pds.example.com',
    'http://127.0.0.1:2583',
    'https://127.0.0.1',
    'https://10.1.2.3',
    'https://172.16.0.1',
    'https://192.168.1.1',
    'https://169.254.169.254',
    'http://169.254.169.254',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://2130706433',
    'https://0x7f.1',
    'https://localhost',
    'https://localhost:8443',
    'https://db.internal',
    'https://nas.local',
  ])('%s is not asked, and leaves no trace at the gate', async (endpoint) => {
    const { io, granted } = guarded()
    expect(await failure(listRecords(io, placeOf(endpoint), ask))).toMatchObject({ name: 'Fatal', kind: 'forbidden_url' })
    expect(granted).toEqual([])
  })

  test.each([
    'did:web:127.0.0.1',
    'did:web:localhost',
    'did:web:localhost%3A8080',
    'did:web:10.0.0.1',
    'did:web:db.internal',
    'did:web:pds.example%2Fx',
    'did:web:pds.example:user',
  ])('%s is not asked for its document', async (did) => {
    const { io, granted } = guarded()
    expect(await failure(identify(io, did))).toMatchObject({ name: 'Fatal', kind: 'forbidden_url' })
    expect(granted).toEqual([])
  })

  test.each([['10.1.2.3'], ['127.0.0.1'], ['::1'], ['169.254.169.254'], ['8.8.8.8', '10.1.2.3']])(
    'that is a name which resolves to %s is not connected to',
    async (...addresses) => {
      const lookup = jest.spyOn(dns, 'lookup') as unknown as jest.SpyInstance
      lookup.mockImplementation((_name: string, _options: object, done: (error: null, all: object[]) => void) =>
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        ),
      )
      const { io } = guarded()
      const error = await failure(listRecords(io, placeOf('https://pds.example.com'), ask))
      expect(error).toMatchObject({ name: 'Fatal', kind: 'forbidden_url', message: expect.stringContaining('not a public address') })
      expect(lookup).toHaveBeenCalledTimes(1)
    },
  )
})

describe('a repo as an archive', () => {
  let sandbox: Sandbox
  let did: string
  let car: Uint8Array
  let whole: Snapshot
  const WANTED = new Set(['games.sandbox.game', 'games.sandbox.score', 'games.sandbox.profile'])
  const fetchCar = async (of: { did: string; host: string }) =>
    new Uint8Array(await (await fetch(`http://${of.host}/xrpc/com.atproto.sync.getRepo?did=${encodeURIComponent(of.did)}`)).arrayBuffer())

  beforeAll(async () => {
    sandbox = await startSandbox({ repos: 20, pdses: 2, scale: 1, open: true })
    const repos = sandbox.atproto.repos().filter(({ state }) => state === 'active')
    // Enough records for a tree of several nodes, few enough to be read hundreds of times.
    const sized = repos.filter(({ collections }) => (collections['games.sandbox.score'] ?? 0) > 8)
    const [repo] = sized.sort((a, b) => (a.collections['games.sandbox.score'] ?? 0) - (b.collections['games.sandbox.score'] ?? 0))
    if (!repo) throw new Error('no repo of the sandbox has scores')
    did = repo.did
    car = await fetchCar(repo)
    whole = readCar(car, did, WANTED)
  })
  afterAll(() => sandbox.close())

  const at = (text: Uint8Array, from = 0): number => Buffer.from(car).indexOf(text, from)
  /** The archive with other bytes in the place of some. */
  const changed = (place: number, put: Uint8Array): Uint8Array => {
    const copy = Uint8Array.from(car)
    copy.set(put, place)
    return copy
  }
  const rowsOf = ({ entries }: Snapshot) => entries.map(({ record }) => record).filter((one): one is Row => !isReject(one))

  test('holds what the repo lists, by path, and its revision', async () => {
    const repo = sandbox.atproto.repos().find((one) => one.did === did)
    const truth = (await sandbox.atproto.truth([...WANTED])).filter((one) => one.did === did)
    expect(whole.rev).toBe(repo?.rev)
    expect(rowsOf(whole).map(({ uri, cid }) => [uri, cid])).toEqual(truth.map(({ uri, cid }) => [uri, cid]).sort())
    expect(whole.entries.map(({ path }) => path)).toEqual(whole.entries.map(({ path }) => path).sort())
    expect(readCar(car, did, new Set(['games.sandbox.profile'])).entries.length).toBeLessThan(whole.entries.length)
    expect(readCar(car, did, new Set())).toEqual({ rev: whole.rev, entries: [] })
  })

  test('says the same of each odd record as its listing', async () => {
    for (const repo of sandbox.atproto.repos().filter(({ state }) => state === 'active')) {
      const url = `http://${repo.host}/xrpc/com.atproto.repo.listRecords?repo=${encodeURIComponent(repo.did)}&collection=games.sandbox.game&limit=100`
      const { records } = JSON.parse(await (await fetch(url)).text()) as { records: { uri: string; cid: string; value: unknown }[] }
      // Bytes have no halves of pairs: an archive holds what stands for one.
      const paired = records.filter(({ value }) => !/\\ud[89a-f]/.test(JSON.stringify(value)))
      const halves = new Set(records.filter((one) => !paired.includes(one)).map(({ uri }) => uri))
      const listed = paired.map((one) => readListed(one, repo.did, 'games.sandbox.game'))
      const read = readCar(await fetchCar(repo), repo.did, new Set(['games.sandbox.game']))
        .entries.map(({ record }) => record)
        .filter((one) => isReject(one) || !halves.has(one.uri))
      const shown = (one: Row | ReturnType<typeof readListed>) =>
        isReject(one) ? [one.key, one.reason, one.detail] : [one.uri, one.cid, written(JSON.parse(one.json))]
      expect(read.map(shown).sort()).toEqual(listed.map(shown).sort())
    }
  })

  test('that is cut anywhere is to be asked for again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: car.length - 1 }), (length) => {
        const cut = caught(() => readCar(car.subarray(0, length), did, WANTED))
        expect(cut).toBeInstanceOf(RetryLater)
        expect(cut).toMatchObject({ kind: 'bad_car' })
      }),
      { numRuns: 300 },
    )
  })

  test("of somebody else is not taken for this one's", () => {
    expect(caught(() => readCar(car, ALICE, WANTED))).toMatchObject({
      name: 'RetryLater',
      kind: 'bad_car',
      message: `the host sent another repo for ${ALICE}`,
    })
  })

  test.each([
    ['nothing', ''],
    ['words', 'Not found'],
    ['a web page', '<!doctype html><html></html>'],
    ['JSON', '{"error":"RepoNotFound"}'],
  ])('that is %s is to be asked for again', (_, text) => {
    expect(caught(() => readCar(Buffer.from(text), did, WANTED))).toMatchObject({ name: 'RetryLater', kind: 'bad_car' })
  })

  test('with one bit turned anywhere never gives a record that is not in the repo, and misses none in silence', () => {
    const rows = new Map(rowsOf(whole).map((row) => [row.uri, row]))
    const paths = whole.entries.map(({ path }) => path)
    fc.assert(
      fc.property(fc.nat({ max: car.length - 1 }), fc.nat({ max: 7 }), (place, bit) => {
        const turned = Uint8Array.of((car[place] ?? 0) ^ (1 << bit))
        let read: Snapshot
        try {
          read = readCar(changed(place, turned), did, WANTED)
        } catch (error) {
          expect(error).toBeInstanceOf(RetryLater)
          expect(error).toMatchObject({ kind: 'bad_car' })
          return
        }
        expect([read.rev, read.entries.map(({ path }) => path)]).toEqual([whole.rev, paths])
        for (const row of rowsOf(read)) expect(row).toEqual(rows.get(row.uri))
      }),
      { numRuns: 600 },
    )
  })

  test('rejects every record that shares bytes which are not its own', async () => {
    const cid = cidOf({ $type: 'games.sandbox.game', name: 'told twice' })
    const leaves = ['aaa', 'bbb'].map((rkey) => ({ key: `games.sandbox.game/${rkey}`, value: { $link: cid } }))
    const nodes = await treeOf(leaves)
    const head = { did, version: 3, data: { $link: nodes[0]?.cid }, rev: whole.rev, prev: null, sig: { $bytes: 'AAAA' } } as Json
    const blocks = [{ cid: cidOf(head), bytes: encodeRecord(head) }, ...nodes, { cid, bytes: encodeRecord({ name: 'swapped' }) }]
    const parts: Uint8Array[] = []
    const entries = blocks.map(({ cid, bytes }) => ({ cid: readCid(cid).bytes, data: bytes }))
    for await (const part of writeCarStream([{ $link: cidOf(head) }], entries)) parts.push(part)
    const read = readCar(Buffer.concat(parts), did, WANTED)
    expect(read.entries.map(({ rkey, record }) => [rkey, isReject(record) && record.reason])).toEqual([
      ['aaa', 'cid_mismatch'],
      ['bbb', 'cid_mismatch'],
    ])
  })

  test.each([
    [
      'say something else',
      (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('latin1').replace('createdAt', 'createdAx'), 'latin1'),
    ],
    ['are no record at all', (bytes: Uint8Array) => bytes.map(() => 0xff)],
  ])('rejects a record whose bytes %s: they are not those of its CID', (_, spoil) => {
    const [row] = rowsOf(whole).filter(({ json }) => json.includes('created'))
    if (!row) throw new Error('the repo has no record')
    const block = encodeRecord(JSON.parse(row.json) as Json)
    const read = readCar(changed(at(block), spoil(block)), did, WANTED)
    const rejects = read.entries.map(({ record }) => record).filter(isReject)
    expect(rejects).toEqual([expect.objectContaining({ key: row.uri, reason: 'cid_mismatch' })])
    expect(rowsOf(read)).toEqual(rowsOf(whole).filter(({ uri }) => uri !== row.uri))
  })
})

/** What a call throws. */
function caught(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('it did not throw')
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => {
      throw new Error(`was answered: ${JSON.stringify(value)}`)
    },
    (error: unknown) => error,
  )
