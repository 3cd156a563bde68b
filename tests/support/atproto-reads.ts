import type { NewTask, Page, Stream } from '../../backend/contract'
import { cidOf, encodeRecord } from '../../backend/sources/atproto/cid'
import type { Listed } from '../../backend/sources/atproto/client'
import { type AtprotoParams, params } from '../../backend/sources/atproto/params'
import type { Batch } from '../../backend/sources/atproto/store'
import { type Discovery, discoveryCursor } from '../../backend/sources/atproto/streams/cursor'
import { fakeIo, type Reply, type Upstream } from './eve'

export const NOTE = 'app.example.note'

/** A DID that could be registered. */
export const didOf = (n: number): string =>
  `did:plc:${[...String(n).padStart(24, '0')].map((digit) => 'abcdefghij'[Number(digit)]).join('')}`

/** What the directory answers for a DID whose repo is there. */
export const documentAt = (did: string, pds: string, more: object = {}): Reply => ({
  data: {
    id: did,
    alsoKnownAs: ['at://somebody.example.com'],
    service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: pds }],
    ...more,
  },
})

/** The DID a path of the directory is about. */
export const didIn = (path: string): string => decodeURIComponent(path.slice(1))

/** What an asked path has after this name. */
export const asked = (path: string, name: string): string | undefined => {
  const value = new RegExp(`[?&]${name}=([^&]*)`).exec(path)?.[1]
  return value === undefined ? undefined : decodeURIComponent(value)
}

export interface Discovered {
  tasks: NewTask[]
  batches: Batch[]
  asked: string[]
  /** What made a step begin again. */
  setBack: unknown[]
}

/**
 * Does what the engine does with a discovery: step after step with the cursor taken through JSON; one that throws is taken again.
 * @throws once it has begun again `patience` times, what made it so
 */
export async function discoverAll(
  { read, cursor: schema }: Stream<Discovery, Batch, AtprotoParams>,
  upstreams: Record<string, Upstream>,
  options: { request?: object; key?: string; more?: () => boolean; rows?: object[]; patience?: number; begin?: Discovery } = {},
): Promise<Discovered> {
  const { request = { collection: 'app.example.note' }, key = 'app.example.note', more, rows, patience = 1000 } = options
  const run: Discovered = { tasks: [], batches: [], asked: [], setBack: [] }
  let at: Discovery | null = options.begin ?? discoveryCursor()
  for (let steps = 0; at !== null; steps++) {
    if (steps > 5000) throw new Error(`it goes on without end: ${JSON.stringify(at).slice(0, 300)}`)
    const io = fakeIo(upstreams, { more, rows })
    const step = {
      key,
      cursor: schema.parse(JSON.parse(JSON.stringify(at))),
      params: params.parse(request),
      source: 'atproto',
      job: 'job',
      attempts: 0,
    }
    try {
      const page: Page<Discovery, Batch> = await read(step, io)
      run.tasks.push(...(page.tasks ?? []))
      run.batches.push(page.batch)
      at = page.next
    } catch (error) {
      run.setBack.push(error)
      if (run.setBack.length > patience) throw error
    } finally {
      run.asked.push(...io.asked)
    }
  }
  return run
}

/** Bytes of a list of so many, whose first has a key that the encoder stumbles over. */
export const longList = (length: number): Uint8Array =>
  encodeRecord(Array.from({ length }, (_, n) => (n === 0 ? { constructor: 'first' } : n)))

/** Notes of a repo as its host lists them. */
export const listedNotes = (did: string, collection: string, rkeys: readonly string[]): Listed[] =>
  rkeys.map((rkey) => {
    const value = { $type: collection, text: `note ${rkey}` }
    return { uri: `at://${did}/${collection}/${rkey}`, cid: cidOf(value), value }
  })

/** A host with one repo, whose collections it lists in these pages. */
export const pdsOf =
  (did: string, pages: Record<string, string[][]>, rev = 'now'): Upstream =>
  (path) => {
    if (path.includes('getLatestCommit')) return { data: { cid: 'bafy', rev } }
    if (path.includes('describeRepo')) return { data: { collections: Object.keys(pages) } }
    const collection = asked(path, 'collection') ?? ''
    const all = pages[collection] ?? []
    const at = Number(asked(path, 'cursor') ?? 0)
    const cursor = at + 1 < all.length ? String(at + 1) : undefined
    return { data: { records: listedNotes(did, collection, all[at] ?? []), cursor } }
  }
