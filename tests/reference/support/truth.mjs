import { MemoryBlockstore, Repo, readCarWithRoot } from '@atproto/repo'
import { canonical, jsonOf } from './dag-cbor.mjs'
import { call } from './xrpc.mjs'

/** What a repo's CAR holds of some collections: uri to cid and JSON. */
async function repoTruth(pds, did, collections) {
  const car = await call(pds, 'com.atproto.sync.getRepo', { query: { did }, as: 'bytes' })
  const { root, blocks } = await readCarWithRoot(car)
  const repo = await Repo.load(new MemoryBlockstore(blocks), root)
  if (repo.did !== did) throw new Error(`the CAR of ${did} is one of ${repo.did}`)
  const leaves = await repo.data.list()
  return leaves
    .filter(({ key }) => collections.includes(key.slice(0, key.indexOf('/'))))
    .map(({ key, value }) => [`at://${did}/${key}`, { cid: value.toString(), json: canonical(jsonOf(blocks.get(value))) }])
}

/** What the accounts that are active hold, by the CAR files of their hosts. */
export async function truthOf(accounts, collections) {
  const truth = new Map()
  for (const { did, home, state } of accounts) {
    if (state !== 'active') continue
    for (const [uri, record] of await repoTruth(home, did, collections)) truth.set(uri, record)
  }
  return truth
}

const few = (uris) => (uris.length > 5 ? [...uris.slice(0, 5), `… ${uris.length} in all`] : uris)

/** How rows differ from the truth; an empty object when they do not. */
export function differences(rows, truth) {
  const missing = [...truth.keys()].filter((uri) => !rows.has(uri))
  const extra = [...rows.keys()].filter((uri) => !truth.has(uri))
  const both = [...truth.keys()].filter((uri) => rows.has(uri))
  const cid = both.filter((uri) => rows.get(uri).cid !== truth.get(uri).cid)
  const json = both.filter((uri) => rows.get(uri).cid === truth.get(uri).cid && rows.get(uri).json !== truth.get(uri).json)
  const shown = json.map((uri) => `${uri}: ${rows.get(uri).json.slice(0, 200)} instead of ${truth.get(uri).json.slice(0, 200)}`)
  const found = { missing: few(missing), extra: few(extra), cid: few(cid), json: few(shown) }
  return Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0))
}
