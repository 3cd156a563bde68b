import type { SandboxContext } from '../base/context'
import { type Ask, json } from '../base/exchange'
import type { Archive } from './archive'
import { documentOf } from './documents'
import { faultedPage, type Listed } from './page-faults'
import { breathe, recordOf } from './records'
import type { Register } from './register'
import type { Entry } from './shapes'
import { type Methods, type Params, XrpcError } from './xrpc'

/** What a PDS needs to answer. */
export interface Ground {
  register: Register
  archive: Archive
  context: SandboxContext
  /** The number of the host. */
  host: number
}

/** The repo of this name if it lives here, whatever its state; deleted ones do not. */
export function residentOf({ register, host }: Ground, name: string): number | undefined {
  const k = register.find(name)
  return k === undefined || register.hostOf(k) !== host || ['deleted', 'tombstoned'].includes(register.stateOf(k)) ? undefined : k
}

/** @throws {XrpcError} `RepoNotFound`, `RepoTakendown`, `RepoSuspended`, `RepoDeactivated` */
export function availableOf(ground: Ground, name: string): number {
  const k = residentOf(ground, name)
  if (k === undefined) throw new XrpcError('RepoNotFound', `Could not find repo for DID: ${name}`)
  const state = ground.register.stateOf(k)
  if (state === 'active') return k
  throw new XrpcError(`Repo${state[0]?.toUpperCase()}${state.slice(1)}`, `Repo has been ${state}: ${name}`)
}

/** The entries of a page: below the cursor going down, above it going up. */
function cut(entries: Entry[], cursor: string | undefined, reverse: boolean, limit: number): Entry[] {
  const ordered = reverse ? entries : entries.toReversed()
  const from = cursor === undefined ? 0 : ordered.findIndex(({ rkey }) => (reverse ? rkey > cursor : rkey < cursor))
  return from < 0 ? [] : ordered.slice(from, from + limit)
}

/** The page of a host that lists the other way round, and its cursor. */
function cutRising(entries: Entry[], cursor: string | undefined, limit: number, { inclusive, cursorAtEnd }: Record<string, unknown>) {
  const from = cursor === undefined ? 0 : entries.findIndex(({ rkey }) => rkey > cursor || (inclusive === true && rkey === cursor))
  const page = from < 0 ? [] : entries.slice(from, from + limit)
  const goesOn = cursorAtEnd === true || (from >= 0 && from + limit < entries.length)
  return { page, cursor: goesOn ? page.at(-1)?.rkey : undefined }
}

async function listRecords(ground: Ground, params: Params, ask: Ask) {
  const { register, context } = ground
  const name = params.repo()
  const collection = params.collection()
  const limit = params.limit(100, 50)
  const asked = params.text('cursor')
  const k = residentOf(ground, name)
  if (k === undefined || register.stateOf(k) !== 'active') throw new XrpcError('InvalidRequest', `Could not find repo: ${name}`)
  const endless = context.faults.take('endless-cursor', 'pds', ask)
  const rising = context.faults.take('rising', 'pds', ask)
  const listed = register.listedOf(k, collection)
  const turned = rising && cutRising(listed, asked, limit, rising)
  const entries = turned?.page ?? cut(listed, endless ? undefined : asked, params.text('reverse') === 'true', limit)
  const records: Listed[] = []
  for (const [n, entry] of entries.entries()) {
    const { uri, cid, value } = await recordOf(register, k, collection, entry)
    records.push({ uri, cid, value })
    await breathe(n)
  }
  const page = { records, cursor: turned ? turned.cursor : endless ? `loop${endless.happened}` : entries.at(-1)?.rkey }
  return json(faultedPage(context, ask, page, asked))
}

function describeRepo(ground: Ground, params: Params) {
  const { register } = ground
  const k = availableOf(ground, params.repo())
  return json({
    handle: register.world.handleOf(k),
    did: register.world.didOf(k),
    didDoc: documentOf(register, k),
    collections: register.collectionsOf(k),
    handleIsCorrect: true,
  })
}

function getRepoStatus(ground: Ground, params: Params) {
  const did = params.did()
  const k = residentOf(ground, did)
  if (k === undefined) throw new XrpcError('RepoNotFound', `Could not find repo for DID: ${did}`)
  const state = ground.register.stateOf(k)
  return json(state === 'active' ? { did, active: true, rev: ground.register.revOf(k) } : { did, active: false, status: state })
}

async function listRepos(ground: Ground, params: Params) {
  const { register, archive, host } = ground
  const { world } = register
  const limit = params.limit(1000, 500)
  const cursor = params.text('cursor')
  const after = cursor === undefined ? -1 : register.find(cursor.split('::')[1] ?? '')
  if (after === undefined) throw new XrpcError('InvalidRequest', 'Malformed cursor')
  const repos: unknown[] = []
  let last: number | undefined
  for (let k = after + 1; k < register.size && repos.length < limit; k++) {
    await breathe(k)
    const did = world.didOf(k)
    if (register.hostOf(k) !== host || residentOf(ground, did) === undefined) continue
    const { cid, rev } = await archive.headOf(k)
    const state = register.stateOf(k)
    repos.push({ did, head: cid, rev, active: state === 'active', ...(state === 'active' ? {} : { status: state }) })
    last = k
  }
  return json({ repos, cursor: last === undefined ? undefined : `${world.createdAt(last)}::${world.didOf(last)}` })
}

async function getRepo(ground: Ground, params: Params, ask: Ask) {
  const { register, archive, context } = ground
  const k = availableOf(ground, params.did())
  const on = (name: string) => context.faults.take(name, 'pds', ask)
  const headers = { 'content-type': 'application/vnd.ipld.car' }
  if (params.text('since') === register.revOf(k)) return { status: 200, headers, body: await archive.emptyOf(k) }
  const other = on('car-other-did')
  const badBlock = on('bad-car-block') !== undefined
  const did = other && String(other.did ?? register.world.didOf(0))
  const body = did !== undefined || badBlock ? await archive.variantOf(k, { did, badBlock }) : await archive.fileOf(k)
  return { status: 200, headers, body: on('truncated-car') ? body.subarray(0, Math.floor(body.length / 2)) : body }
}

/** What a PDS can be asked. */
export const pdsMethods = (ground: Ground): Methods => ({
  _health: () => json({ version: '0.4.217' }),
  'com.atproto.repo.listRecords': (params, ask) => listRecords(ground, params, ask),
  'com.atproto.repo.describeRepo': (params) => describeRepo(ground, params),
  'com.atproto.sync.getRepo': (params, ask) => getRepo(ground, params, ask),
  'com.atproto.sync.getLatestCommit': async (params) => json(await ground.archive.headOf(availableOf(ground, params.did()))),
  'com.atproto.sync.getRepoStatus': (params) => getRepoStatus(ground, params),
  'com.atproto.sync.listRepos': (params) => listRepos(ground, params),
  // Only relays know who holds what.
  'com.atproto.sync.listReposByCollection': () => {
    throw new XrpcError('InvalidRequest', 'No service configured for com.atproto.sync.listReposByCollection')
  },
  'com.atproto.identity.resolveHandle': (params) => {
    const handle = params.must('handle')
    const k = residentOf(ground, handle)
    if (k === undefined || !handle.includes('.')) throw new XrpcError('InvalidRequest', 'Unable to resolve handle')
    return json({ did: ground.register.world.didOf(k) })
  },
})
