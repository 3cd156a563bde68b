import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FAST, missing, startProduct } from './support/product.mjs'
import { big, IMPORTED, NOTE, note, ODD, TAG, UNSTORABLE } from './support/records.mjs'
import { startRelay } from './support/relay.mjs'
import { startPds, startPlc } from './support/servers.mjs'
import { openServices } from './support/services.mjs'
import { differences, truthOf } from './support/truth.mjs'
import { until } from './support/until.mjs'
import { create, createAccount, createWebAccount, edit, fillWorld, keysOf, poison, reactivate, remove } from './support/world.mjs'
import { call } from './support/xrpc.mjs'

/*
 * One world on the reference servers, and the product on it. The tests build on each other, in this order.
 */

/** A host that is asked so seldom that there is time to disturb the run. */
const SLOW = { ...FAST, pds: { requests: 20, perMs: 1000, perDay: 20, dayMs: 1000 } }

const open = []
/** To be closed at the end, the last one first. */
const keep = (one) => {
  open.push(one)
  return one
}
async function closeAll() {
  const faults = []
  for (const one of open.splice(0).reverse()) {
    try {
      await one.close()
    } catch (error) {
      faults.push(error)
    }
  }
  if (faults.length > 0) throw new AggregateError(faults, faults.map(({ message }) => message).join('; '))
}

let services
let plc
let a
let b
let relay
let world
let accounts
/** The product whose database the first stories share. */
let main

const urls = () => ({ ATPROTO_RELAY_URL: relay.url, PLC_URL: plc.url, ATPROTO_HANDLE_URL: a.url })
/** The product on an empty database, for one test. */
async function fresh(t, options) {
  const product = await startProduct(services, urls(), options)
  t.after(() => product.close())
  return product
}
const all = () => Object.values(accounts)
const uriOf = (name, key, collection = NOTE) => `at://${accounts[name].did}/${collection}/${key}`

/** Record keys of the account `odd` that are rejected. */
const unstorable = new Set(Object.keys(UNSTORABLE))

/** What the hosts hold and Postgres can: rejected ones are checked on their own. */
async function truth(collections = [NOTE], { withHidden = false } = {}) {
  const found = await truthOf(all(), collections)
  for (const key of unstorable) found.delete(uriOf('odd', key))
  if (!withHidden) found.delete(world.hidden)
  return found
}
const setAside = () => [...unstorable].map((key) => uriOf('odd', key)).sort()
const same = async (product, wanted, collections = [NOTE]) => assert.deepEqual(differences(await product.rows(collections), wanted), {})

/** What a run cost, for whoever reads the report of the tests. */
function tell(t, { status, seconds, seen, new: fresh, updated, known, deleted, rejected, requests, tasks, skipped }) {
  const sent = Object.entries(requests).map(
    ([api, { requests: n, throttled }]) => `${api} ${n}${throttled ? ` (${throttled} put off)` : ''}`,
  )
  t.diagnostic(
    `${status} in ${seconds} s: ${seen} seen, ${fresh} new, ${updated} updated, ${known} known, ${deleted} deleted, ${rejected} rejected; requests: ${sent.join(', ')}; ${tasks.total} tasks, skipped ${JSON.stringify(skipped)}`,
  )
}

before(
  async () => {
    const fault = missing()
    if (fault) throw new Error(fault)
    services = keep(await openServices())
    plc = keep(await startPlc())
    ;[a, b] = await Promise.all([startPds('pds-a', plc.url).then(keep), startPds('pds-b', plc.url).then(keep)])
    relay = keep(await startRelay([a, b]))
    world = await fillWorld({ plc, a, b, relay })
    accounts = world.accounts
  },
  { timeout: 180_000 },
)
after(closeAll, { timeout: 60_000 })

test('every record of every active account is stored as its repo holds it', async (t) => {
  main = keep(await startProduct(services, urls()))
  const wanted = await truth()
  const report = await main.backfill('--collection', NOTE)
  tell(t, report)
  await same(main, wanted)
  assert.equal(report.status, 'completed', JSON.stringify(report.failures))
  assert.equal(report.new, wanted.size)
  assert.deepEqual(report.skipped, { 'inactive: deactivated': 1, 'inactive: takendown': 1, gone: 2 })
  const rejects = await main.rejects(report.job)
  assert.deepEqual(
    rejects.map(({ key, reason }) => [key, reason]),
    setAside().map((uri) => [uri, 'unstorable']),
  )
  assert.ok(Object.keys(ODD).every((key) => wanted.has(uriOf('odd', key))))
  const served = [...(await a.requests()), ...(await b.requests())]
  assert.equal(report.requests.pds.requests, served.length, 'the report counts the requests that the hosts have seen')
})

test('a second collection is read beside the first', async (t) => {
  const stamps = await main.stamps()
  const report = await main.backfill('--collection', TAG)
  tell(t, report)
  assert.equal(report.status, 'completed')
  await same(main, await truth([NOTE, TAG]), [NOTE, TAG])
  const now = await main.stamps()
  assert.ok([...stamps].every(([uri, stamp]) => now.get(uri) === stamp))
})

test('a second run writes nothing, and asks each unchanged repo once', async (t) => {
  const stamps = await main.stamps()
  await Promise.all([a.requests(), b.requests()])
  const report = await main.backfill('--collection', NOTE)
  tell(t, report)
  assert.equal(report.status, 'completed')
  assert.deepEqual(await main.stamps(), stamps)
  const tasks = await main.tasks(report.job)
  const unchanged = tasks.filter(({ reason }) => reason === 'unchanged')
  const active = new Set(all().flatMap(({ did, state, name }) => (state === 'active' && name !== 'noisy' ? [did] : [])))
  assert.deepEqual(new Set(unchanged.map(({ key }) => key)), active)
  assert.ok(unchanged.every(({ requests }) => requests <= 1))
  const others = tasks.filter(({ reason }) => reason !== 'unchanged')
  assert.ok(others.every(({ requests }) => requests <= 2))
  const served = [...(await a.requests()), ...(await b.requests())]
  assert.equal(report.requests.pds.requests, served.length)
  assert.ok(report.requests.pds.requests <= unchanged.length + 2 * others.length)
})

test('a third run writes what was edited, created and deleted, and nothing else', async (t) => {
  const before = await main.stamps()
  const keys = Object.fromEntries(
    await Promise.all(['plain-a1', 'plain-b1', 'long', 'large'].map(async (name) => [name, await keysOf(accounts[name], NOTE)])),
  )
  const [a1, b1, long, large] = Object.values(keys)
  await edit(accounts['plain-a1'], NOTE, { [a1[0]]: note('edited 0'), [a1[1]]: note('edited 1'), [a1[29]]: note('edited 29') })
  await remove(accounts['plain-a1'], NOTE, [a1[5], a1[6]])
  await create(accounts['plain-a1'], NOTE, [note('new 0'), note('new 1'), note('new 2'), note('new 3')])
  await remove(accounts['plain-b1'], NOTE, b1)
  await edit(accounts.long, NOTE, { [long[50]]: note('edited') })
  await remove(accounts.long, NOTE, [long[60]])
  await edit(accounts.large, NOTE, { [large[70]]: big(1000) })
  await remove(accounts.odd, NOTE, ['deep'])
  await edit(accounts.odd, NOTE, { 'nul-value': note('mended') })
  await create(accounts['moved-ab'], NOTE, [note('written at the new host')])
  await reactivate(accounts.deactivated)
  unstorable.delete('nul-value')

  const edited = [
    uriOf('plain-a1', a1[0]),
    uriOf('plain-a1', a1[1]),
    uriOf('plain-a1', a1[29]),
    uriOf('long', long[50]),
    uriOf('large', large[70]),
  ]
  const gone = [
    ...b1.map((key) => uriOf('plain-b1', key)),
    uriOf('plain-a1', a1[5]),
    uriOf('plain-a1', a1[6]),
    uriOf('long', long[60]),
    uriOf('odd', 'deep'),
  ]
  const report = await main.backfill('--collection', NOTE)
  tell(t, report)
  await same(main, await truth())
  assert.equal(report.status, 'completed', JSON.stringify(report.failures))
  const now = await main.stamps()
  const written = [...now].filter(([uri, stamp]) => before.has(uri) && before.get(uri) !== stamp).map(([uri]) => uri)
  assert.deepEqual(written.sort(), edited.sort())
  assert.deepEqual([...before.keys()].filter((uri) => !now.has(uri)).sort(), gone.sort())
  const created = [...now.keys()].filter((uri) => !before.has(uri))
  assert.equal(created.length, 4 + 1 + 1 + 30)
  assert.deepEqual([report.new, report.updated, report.deleted], [created.length, edited.length, gone.length])
})

test('the method of whole repos gives the same rows, and the record that its host hides from its lists', async (t) => {
  const product = await fresh(t)
  const report = await product.backfill('--collection', NOTE, '--method', 'car')
  tell(t, report)
  const wanted = await truth([NOTE], { withHidden: true })
  assert.ok(wanted.has(world.hidden))
  await same(product, wanted)
  assert.equal(report.status, 'completed', JSON.stringify(report.failures))
  assert.equal(report.new, wanted.size)
})

test('a repo that was read whole, and has not changed, is asked for its head and nothing else', async (t) => {
  const product = await fresh(t)
  await product.backfill('--collection', NOTE, '--method', 'car')
  const stamps = await product.stamps()
  const report = await product.backfill('--collection', NOTE, '--method', 'car')
  tell(t, report)
  assert.deepEqual(await product.stamps(), stamps)
  const again = (await product.tasks(report.job)).filter(({ state }) => state === 'done')
  assert.deepEqual(
    again.map(({ key, requests }) => [all().find(({ did }) => did === key)?.name, requests]),
    [],
  )
})

test('the method of lists gives the same rows as the one that is chosen by itself', async (t) => {
  const product = await fresh(t)
  const report = await product.backfill('--collection', NOTE, '--method', 'list')
  tell(t, report)
  await same(product, await truth())
  assert.equal(report.status, 'completed', JSON.stringify(report.failures))
})

for (const order of ['as they come', 'the other way round']) {
  test(`repos found host by host give the same rows, hosts ${order}`, async (t) => {
    if (order !== 'as they come') relay.turn()
    const product = await fresh(t)
    const report = await product.backfill('--collection', NOTE, '--discovery', 'hosts')
    tell(t, report)
    await same(product, await truth())
    assert.equal(report.status, 'completed', JSON.stringify(report.failures))
    // On the host that it has left an account is either reported as inactive, or a copy that nobody may read.
    const tasks = await product.tasks(report.job)
    assert.equal(tasks.length, new Set(tasks.map(({ key }) => key)).size)

    const stamps = await product.stamps()
    const again = await product.backfill('--collection', NOTE, '--discovery', 'hosts')
    tell(t, again)
    assert.deepEqual(await product.stamps(), stamps)
  })
}

test('what changes at the new host of an account is read although the old one lists its copy as it was', async (t) => {
  const product = await fresh(t)
  const copied = [accounts['copied-ab'], accounts['copied-ba']]
  const rowsOf = async () => new Map([...(await product.rows([NOTE]))].filter(([uri]) => copied.some(({ did }) => uri.includes(did))))
  await product.backfill('--collection', NOTE, '--discovery', 'hosts')
  assert.deepEqual(differences(await rowsOf(), await truthOf(copied, [NOTE])), {})
  for (const account of copied) await create(account, NOTE, [note('after the copy was read')])
  const report = await product.backfill('--collection', NOTE, '--discovery', 'hosts')
  tell(t, report)
  assert.deepEqual(differences(await rowsOf(), await truthOf(copied, [NOTE])), {})
})

test('an account that moves between two runs is followed', async (t) => {
  const product = await fresh(t)
  const account = await createAccount(a, 'mover')
  accounts.mover = account
  await create(account, NOTE, [note('at the old host'), note('at the old host too')])
  await relay.crawl()
  await product.backfill('--collection', NOTE)
  await world.move(account, b)
  await create(account, NOTE, [note('at the new host')])
  const report = await product.backfill('--collection', NOTE)
  tell(t, report)
  await same(product, await truth())
  assert.equal(report.new, 1)
  assert.ok(
    report.notes.some((one) => one.includes('moved')),
    JSON.stringify(report.notes),
  )
})

test('a handle stands for its repo', async (t) => {
  const product = await fresh(t)
  const report = await product.backfill('--collection', NOTE, '--did', accounts['plain-a3'].handle)
  tell(t, report)
  assert.equal(report.status, 'completed', JSON.stringify(report.failures))
  const wanted = await truthOf([accounts['plain-a3']], [NOTE])
  await same(product, wanted)
})

test('a run of new repos only reads those', async (t) => {
  const product = await fresh(t)
  await product.backfill('--collection', NOTE)
  accounts.late = await createAccount(b, 'late')
  await create(accounts.late, NOTE, [note('late')])
  await relay.crawl()
  const report = await product.backfill('--collection', NOTE, '--new-only')
  tell(t, report)
  await same(product, await truth())
  assert.equal(report.new, 1)
  const read = (await product.tasks(report.job)).filter(({ state }) => state === 'done')
  assert.deepEqual(
    read.map(({ key, requests }) => [key, requests <= 3]),
    [[accounts.late.did, true]],
  )
})

test('what is written while a run goes on is right after the next one, and nothing else is deleted meanwhile', async (t) => {
  const product = await fresh(t, { limits: SLOW })
  await product.backfill('--collection', NOTE)
  const busy = Object.entries(accounts).flatMap(([name, account]) => (/^plain-[ab][2-4]$/.test(name) ? [account] : []))
  for (const account of busy) await create(account, NOTE, [note('before the run')])
  const earlier = await truth()
  const running = product.backfill('--collection', NOTE)
  let hasEnded = false
  running.finally(() => (hasEnded = true)).catch(() => undefined)
  let writes = 0
  for (; !hasEnded; writes++) {
    const account = busy[writes % busy.length]
    const keys = await keysOf(account, NOTE)
    await remove(account, NOTE, [keys[keys.length >> 1]])
    await create(account, NOTE, [note(`write ${writes}`)])
    await edit(account, NOTE, { [keys[0]]: note(`edit ${writes}`) })
  }
  tell(t, await running)
  t.diagnostic(`${3 * writes} writes meanwhile`)
  const later = await truth()
  const steady = new Map([...earlier].filter(([uri, { cid }]) => later.get(uri)?.cid === cid))
  assert.deepEqual(differences(await product.rows([NOTE]), steady).missing, undefined)
  tell(t, await product.backfill('--collection', NOTE))
  await same(product, later)
})

test('a worker that is killed three times in mid-run leaves the same rows', async (t) => {
  const product = await fresh(t, { limits: SLOW })
  let worker = product.first
  const job = await product.queue('--collection', NOTE)
  for (const rows of [150, 900, 2000]) {
    await until(async () => (await product.count()) >= rows, { timeoutMs: 60_000, what: `${rows} rows` })
    const [{ status }] = await product.query('select status from backhaul.jobs where id = $1', [job])
    assert.equal(status, 'running', 'the worker is killed in mid-run')
    await worker.kill('SIGKILL')
    worker = await product.worker()
  }
  const report = await product.ended(job)
  tell(t, report)
  await same(product, await truth())
  assert.equal(report.status, 'completed', JSON.stringify(report.failures))
  assert.deepEqual(
    (await product.rejects(job)).map(({ key }) => key),
    setAside(),
  )
})

test('a host that is unreachable in mid-run and comes back leaves the same rows', async (t) => {
  const product = await fresh(t, { limits: SLOW, attempts: 10 })
  const job = await product.queue('--collection', NOTE)
  const rowsOfB = async () => {
    const dids = all().flatMap(({ did, home }) => (home === b ? [did] : []))
    const [{ n }] = await product.query('select count(*)::int as n from atproto.records where did = any($1)', [dids])
    return n
  }
  await until(async () => (await rowsOfB()) >= 60, { timeoutMs: 60_000, what: 'the first rows of pds-b' })
  await b.stop()
  await until(async () => (await product.tasks(job)).some(({ attempts, lane }) => attempts > 1 && lane?.includes(b.host)), {
    timeoutMs: 60_000,
    what: 'its absence to be met twice',
  })
  await b.start()
  const report = await product.ended(job)
  tell(t, report)
  await same(product, await truth())
  assert.equal(report.status, 'completed', JSON.stringify(report.failures))
})

test('a host that stays unreachable is named, the others are read, and a retry makes it whole', async (t) => {
  const product = await fresh(t, { attempts: 2 })
  await b.stop()
  const report = await product.backfill('--collection', NOTE)
  tell(t, report)
  assert.equal(report.status, 'partial')
  const onB = all().filter(({ home, state, name }) => home === b && !['noisy'].includes(name) && state !== 'tombstoned')
  assert.equal(report.tasks.failed, onB.length)
  assert.deepEqual([...new Set(report.failures.map(({ kind }) => kind))], ['connection'])
  await b.start()
  await product.retry(report.job)
  const whole = await product.ended(report.job)
  tell(t, whole)
  assert.equal(whole.status, 'completed', JSON.stringify(whole.failures))
  await same(product, await truth())
})

test('an identity that is a document of a host of its own is read', async (t) => {
  const { account } = keep(await createWebAccount(a, 'self-hosted'))
  accounts['self-hosted'] = account
  await create(account, NOTE, [note('of a did:web'), note('of a did:web too')])
  await relay.crawl()
  const product = await fresh(t)
  const report = await product.backfill('--collection', NOTE)
  tell(t, report)
  assert.equal(report.status, 'completed', JSON.stringify(report.failures))
  await same(product, await truth())
})

test('a repo that its host cannot list fails by itself, and can be read whole', async (t) => {
  const account = await createAccount(a, 'poisoned')
  await create(account, NOTE, [note('before')])
  await poison(account, NOTE, IMPORTED)
  const others = all().filter(({ home, state }) => home === a && state === 'active')
  // The others of its host wait behind it.
  const product = await fresh(t, { limits: { ...FAST, pds: { requests: 5, perMs: 1000, perDay: 5, dayMs: 1000 } }, attempts: 2 })
  const names = [account, ...others].flatMap(({ did }) => ['--did', did])
  const report = await product.backfill('--collection', NOTE, '--method', 'list', ...names)
  tell(t, report)
  const failed = (await product.tasks(report.job)).filter(({ state }) => state === 'failed')
  t.diagnostic(`failed: ${JSON.stringify(failed.map(({ error_kind, requests }) => [error_kind, requests]))}`)

  const whole = await product.backfill('--collection', NOTE, '--did', account.did, '--method', 'car')
  tell(t, whole)
  const of = (rows) => new Map([...rows].filter(([uri]) => uri.includes(account.did)))
  assert.deepEqual(differences(of(await product.rows([NOTE])), await truthOf([account], [NOTE])), {})

  assert.deepEqual(
    failed.map(({ key }) => key),
    [account.did],
  )
  const rows = await product.rows([NOTE])
  for (const uri of of(rows).keys()) rows.delete(uri)
  const wanted = await truthOf(others, [NOTE])
  for (const uri of [world.hidden, ...setAside()]) wanted.delete(uri)
  assert.deepEqual(differences(rows, wanted), {})
})

test('a host that limits its callers is waited for, and nothing fails', { timeout: 600_000 }, async (t) => {
  await Promise.all([a.stop(), b.stop()])
  await Promise.all([a.start({ PDS_RATE_LIMITS_ENABLED: 'true' }), b.start({ PDS_RATE_LIMITS_ENABLED: 'true' })])
  const wanted = await truth()
  // Somebody else at our address has used up most of what pds-a gives.
  const spend = async (least) => {
    for (;;) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => call(a, 'com.atproto.server.describeServer', { as: 'answer' })))
      await Promise.all(answers.map((answer) => answer.arrayBuffer()))
      if (answers.some(({ status, headers }) => status === 429 || Number(headers.get('ratelimit-remaining')) <= least)) return
    }
  }
  await spend(60)
  const { pds: _, ...others } = FAST
  const product = await fresh(t, { limits: others })
  await Promise.all([a.requests(), b.requests()])
  const job = await product.queue('--collection', NOTE)
  await until(async () => (await product.count()) > 0, { timeoutMs: 60_000, what: 'the first rows' })
  await spend(0)
  const report = await product.ended(job, 480_000)
  tell(t, report)
  await same(product, wanted)
  assert.equal(report.status, 'completed', JSON.stringify(report.failures))
  assert.equal(report.tasks.failed, 0)

  const served = await a.requests()
  const refused = served.filter(({ status }) => status === 429)
  t.diagnostic(`${served.length} requests at pds-a, ${refused.length} of them answered 429`)
  for (const { ended, reset } of refused) {
    const early = served.filter(({ began }) => began > ended + 1000 && began < reset * 1000)
    assert.deepEqual(early, [], 'nobody asks before the moment that the host has named')
  }
})
