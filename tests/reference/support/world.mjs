import { once } from 'node:events'
import { createServer } from 'node:http'
import { Secp256k1Keypair } from '@atproto/crypto'
import { blocksToCarFile, MemoryBlockstore, Repo, readCarWithRoot } from '@atproto/repo'
import { Client as PlcClient } from '@did-plc/lib'
import { big, NOISE, NOTE, note, ODD, TAG, UNSTORABLE } from './records.mjs'
import { call } from './xrpc.mjs'

/*
 * Accounts on two PDSes. Each knows where it is (`home`) and how it is (`state`).
 */

/** Writes of one call. */
const AT_ONCE = 100
/** Accounts filled side by side. */
const SIDE_BY_SIDE = 4

export async function createAccount(pds, name) {
  const handle = `${name}.test`
  const password = `password-of-${name}`
  const body = { handle, email: `${name}@mail.org`, password }
  const { did, accessJwt } = await call(pds, 'com.atproto.server.createAccount', { body })
  return { name, did, handle, password, home: pds, token: accessJwt, state: 'active' }
}

const write = (kind) => (collection, key, value) => ({
  $type: `com.atproto.repo.applyWrites#${kind}`,
  collection,
  ...(key === undefined ? {} : { rkey: key }),
  ...(value === undefined ? {} : { value: { ...value, $type: collection } }),
})
const creation = write('create')
const update = write('update')
const deletion = write('delete')

async function apply(account, writes) {
  for (let at = 0; at < writes.length; at += AT_ONCE) {
    await call(account.home, 'com.atproto.repo.applyWrites', {
      token: account.token,
      body: { repo: account.did, validate: false, writes: writes.slice(at, at + AT_ONCE) },
    })
  }
}

/** @param records by record key, or a list of those whose key the host chooses */
export async function create(account, collection, records) {
  const entries = Array.isArray(records) ? records.map((value) => [undefined, value]) : Object.entries(records)
  await apply(
    account,
    entries.map(([key, value]) => creation(collection, key, value)),
  )
}
export const edit = (account, collection, records) =>
  apply(
    account,
    Object.entries(records).map(([key, value]) => update(collection, key, value)),
  )
export const remove = (account, collection, keys) =>
  apply(
    account,
    keys.map((key) => deletion(collection, key)),
  )

/** Record keys of a collection, the newest first. */
export async function keysOf({ home, did }, collection) {
  const query = { repo: did, collection, limit: 100 }
  const { records } = await call(home, 'com.atproto.repo.listRecords', { query })
  return records.map(({ uri }) => uri.slice(uri.lastIndexOf('/') + 1))
}

const many = (length, make) => Array.from({ length }, (_, n) => make(n))

/** 60 records: notes, tags and noise. */
async function fillPlain(account) {
  await create(
    account,
    NOTE,
    many(30, (n) => note(`note ${n} of ${account.name}`)),
  )
  await create(
    account,
    TAG,
    many(20, (n) => ({ tag: `tag ${n}`, of: account.name })),
  )
  await create(
    account,
    NOISE,
    many(10, (n) => ({ noise: n })),
  )
}

async function fillOdd(account) {
  await fillPlain(account)
  await create(account, NOTE, ODD)
  await create(account, NOTE, UNSTORABLE)
}

async function fillLarge(account) {
  await fillPlain(account)
  for (let n = 0; n < 100; n++) {
    await call(account.home, 'com.atproto.repo.createRecord', {
      token: account.token,
      body: { repo: account.did, collection: NOTE, validate: false, record: big(n) },
    })
  }
}

/** More pages than are read before a repo is tried whole. */
async function fillLong(account) {
  await create(
    account,
    NOTE,
    many(2_400, (n) => note(`note ${n}`)),
  )
}

/** Moves an account as its owner does it, but for the letter that proves who it is: the old host's own key signs. */
async function move(account, to, plcUrl, { leavesCopy = false } = {}) {
  const from = account.home
  const { did, handle, password, token } = account
  const lxm = 'com.atproto.server.createAccount'
  const { token: proof } = await call(from, 'com.atproto.server.getServiceAuth', { token, query: { aud: to.did, lxm } })
  const body = { did, handle, email: `${account.name}@mail.org`, password }
  const { accessJwt } = await call(to, lxm, { token: proof, body })
  const car = await call(from, 'com.atproto.sync.getRepo', { query: { did }, as: 'bytes' })
  await call(to, 'com.atproto.repo.importRepo', { token: accessJwt, body: car })
  const wanted = await call(to, 'com.atproto.identity.getRecommendedDidCredentials', { token: accessJwt })
  await new PlcClient(plcUrl).updateData(did, from.rotation, (last) => ({ ...last, ...wanted }))
  await call(to, 'com.atproto.server.activateAccount', { token: accessJwt, body: '' })
  // A host that has not heard of it goes on showing what it had.
  if (!leavesCopy) await call(from, 'com.atproto.server.deactivateAccount', { token, body: {} })
  Object.assign(account, { home: to, token: accessJwt, old: from })
}

const takeDown = (pds, subject) =>
  call(pds, 'com.atproto.admin.updateSubjectStatus', { isAdmin: true, body: { subject, takedown: { applied: true, ref: 'reference' } } })

/** The ways in which an account ends. */
export const endings = {
  deactivated: ({ home, token }) => call(home, 'com.atproto.server.deactivateAccount', { token, body: {} }),
  takendown: ({ home, did }) => takeDown(home, { $type: 'com.atproto.admin.defs#repoRef', did }),
  deleted: ({ home, did }) => call(home, 'com.atproto.admin.deleteAccount', { isAdmin: true, body: { did } }),
  tombstoned: ({ home, did }, plcUrl) => new PlcClient(plcUrl).tombstone(did, home.rotation),
}

/**
 * Some twenty accounts, all of which the relay has seen, and what then became of some.
 * @returns accounts by name, and the one record that its host has taken down
 */
export async function fillWorld({ plc, a, b, relay }) {
  const plans = [
    ...many(5, (n) => [`plain-a${n}`, a, fillPlain]),
    ...many(5, (n) => [`plain-b${n}`, b, fillPlain]),
    ['odd', a, fillOdd],
    ['large', b, fillLarge],
    ['long', a, fillLong],
    ['noisy', b, (account) => create(account, NOISE, [{ noise: 1 }])],
    ['moved-ab', a, fillPlain],
    ['moved-ba', b, fillPlain],
    ['copied-ab', a, fillPlain],
    ['copied-ba', b, fillPlain],
    ['deactivated', a, fillPlain],
    ['takendown', b, fillPlain],
    ['deleted', b, fillPlain],
    ['tombstoned', a, fillPlain],
  ]
  const accounts = {}
  const left = [...plans]
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [name, pds, fill] = next
      accounts[name] = await createAccount(pds, name)
      await fill(accounts[name])
    }
  }
  await Promise.all(many(SIDE_BY_SIDE, work))
  await relay.crawl()

  for (const [name, to, options] of [
    ['moved-ab', b],
    ['moved-ba', a],
    ['copied-ab', b, { leavesCopy: true }],
    ['copied-ba', a, { leavesCopy: true }],
  ]) {
    await move(accounts[name], to, plc.url, options)
  }
  // Those on the new host only tell whether the old one's copy was read.
  for (const name of ['moved-ab', 'copied-ab', 'copied-ba']) await create(accounts[name], NOTE, [note('written after the move')])

  for (const [name, end] of Object.entries(endings)) {
    await end(accounts[name], plc.url)
    accounts[name].state = name
  }
  const withTakedown = accounts['plain-a0']
  const [key] = await keysOf(withTakedown, NOTE)
  const uri = `at://${withTakedown.did}/${NOTE}/${key}`
  const query = { repo: withTakedown.did, collection: NOTE, rkey: key }
  const { cid } = await call(withTakedown.home, 'com.atproto.repo.getRecord', { query })
  await takeDown(withTakedown.home, { $type: 'com.atproto.repo.strongRef', uri, cid })
  return { accounts, hidden: uri, move: (account, to) => move(account, to, plc.url) }
}

/** Lets a deactivated account be seen again. */
export async function reactivate(account) {
  await call(account.home, 'com.atproto.server.activateAccount', { token: account.token, body: '' })
  account.state = 'active'
}

/**
 * An account whose identity is a document on a host of its own.
 * @returns the account, and how to end the host of its document
 */
export async function createWebAccount(pds, name) {
  let document
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/.well-known/did.json' ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(document))
  }).listen(0)
  await once(server, 'listening')
  server.unref()
  const did = `did:web:localhost%3A${server.address().port}`
  const handle = `${name}.test`
  const write = (key) => {
    document = {
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      id: did,
      alsoKnownAs: [`at://${handle}`],
      verificationMethod: [{ id: `${did}#atproto`, type: 'Multikey', controller: did, publicKeyMultibase: key.slice('did:key:'.length) }],
      service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: pds.url }],
    }
  }
  const key = await Secp256k1Keypair.create()
  write(key.did())
  const lxm = 'com.atproto.server.createAccount'
  const encoded = (part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
  const claim = { iss: did, aud: pds.did, lxm, iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 60 }
  const signed = `${encoded({ typ: 'JWT', alg: 'ES256K' })}.${encoded(claim)}`
  const proof = `${signed}.${Buffer.from(await key.sign(Buffer.from(signed))).toString('base64url')}`
  const body = { did, handle, email: `${name}@mail.org`, password: `password-of-${name}` }
  const { accessJwt: token } = await call(pds, lxm, { token: proof, body })
  const wanted = await call(pds, 'com.atproto.identity.getRecommendedDidCredentials', { token })
  write(wanted.verificationMethods.atproto)
  await call(pds, 'com.atproto.server.activateAccount', { token, body: '' })
  const account = { name, did, handle, home: pds, token, state: 'active' }
  return { account, close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) }
}

/** A record that its host takes with a whole repo, and then cannot list. */
export async function poison(account, collection, records) {
  const { did, home, token } = account
  const car = await call(home, 'com.atproto.sync.getRepo', { query: { did }, as: 'bytes' })
  const { root, blocks } = await readCarWithRoot(car)
  const repo = await Repo.load(new MemoryBlockstore(blocks), root)
  const writes = Object.entries(records).map(([rkey, record]) => ({ action: 'create', collection, rkey, record }))
  const commit = await repo.formatCommit(writes, await Secp256k1Keypair.create())
  blocks.addMap(commit.newBlocks)
  await call(home, 'com.atproto.repo.importRepo', { token, body: await blocksToCarFile(commit.cid, blocks) })
}
