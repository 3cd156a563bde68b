import { randomUUID } from 'node:crypto'
import { defaultsOf } from '../../../backend/contract'
import type { Db } from '../../../backend/database/db'
import { commerce } from '../../../backend/sources/commerce'
import { missing } from '../../../backend/sources/commerce/missing'
import { prepare } from '../../../backend/sources/commerce/prepare'
import { saveAccount } from '../../../backend/sources/commerce/store/accounts'
import {
  type BulkLine,
  type BulkOperation,
  countLines,
  deleteLines,
  readRoots,
  saveOperation,
  stageLines,
} from '../../../backend/sources/commerce/store/bulk'
import { endState, type OauthState, readState, saveState, stateHash, takeState } from '../../../backend/sources/commerce/store/oauth-states'
import { readProfile, setBackfillStatus, setPlan } from '../../../backend/sources/commerce/store/profiles'
import {
  endSyncJob,
  endSyncJobs,
  lastCursors,
  type NewSyncJob,
  noteProgress,
  queueSyncJobs,
  readParts,
  readSyncJobs,
  requeueSyncJobs,
} from '../../../backend/sources/commerce/store/sync-jobs'
import { ownDatabase } from '../../support/database'

let db: Db
ownDatabase((opened) => {
  db = opened
})

const account = randomUUID()
const row = (entity: NewSyncJob['entity'], priority: number): NewSyncJob => ({
  ...{ accountId: account, platform: 'etsy', entity, jobType: 'backfill', priority },
})

test('the rows of a job are there from its start, follow its pages and end one by one', async () => {
  const jobId = randomUUID()
  const key = (entity: NewSyncJob['entity']) => ({ jobId, accountId: account, entity })
  const rows = () => readSyncJobs(db, 'seller', 10)
  await db.tx((tx) => queueSyncJobs(tx, jobId, 'seller', [row('listings', 2), row('orders', 1)]))
  expect(await rows()).toMatchObject([
    { entity: 'orders', status: 'queued', priority: 1, found: 0n, expected: null, cursor: null, startedAt: null },
    { entity: 'listings', status: 'queued', priority: 2 },
  ])
  await db.tx((tx) => noteProgress(tx, key('orders'), { found: 100, expected: 250 }))
  await db.tx((tx) => noteProgress(tx, key('orders'), { found: 100 }))
  await db.tx((tx) => queueSyncJobs(tx, jobId, 'seller', [row('orders', 1), row('payments', 3)]))
  expect(await rows()).toMatchObject([
    { entity: 'payments', status: 'queued' },
    { status: 'running', found: 200n, expected: 250n, startedAt: expect.any(Date), finishedAt: null },
    { status: 'queued' },
  ])
  expect(await lastCursors(db, [account])).toEqual(new Map())
  await db.tx((tx) => endSyncJob(tx, key('orders'), { status: 'completed', cursor: '2026-01-01T00:00:00Z' }))
  await db.tx((tx) => endSyncJob(tx, key('listings'), { status: 'failed', reason: 'count_differs' }))
  await db.tx((tx) => endSyncJobs(tx, jobId, 'cancelled', 'cancelled'))
  const states = { orders: 'completed', listings: 'failed', payments: 'cancelled' }
  expect(await readParts(db, jobId)).toEqual(new Map(Object.entries(states).map(([entity, status]) => [`${account} ${entity}`, status])))
  expect(await lastCursors(db, [randomUUID(), account])).toEqual(new Map([[`${account} orders`, '2026-01-01T00:00:00Z']]))
  await db.tx((tx) => requeueSyncJobs(tx, jobId))
  expect(await rows()).toMatchObject([
    { status: 'queued', reason: null },
    { status: 'completed', finishedAt: expect.any(Date) },
    { status: 'queued', reason: null, finishedAt: null },
  ])
})

test('a profile keeps its plan, and when a backfill last completed', async () => {
  expect(await readProfile(db, 'u')).toBeUndefined()
  await db.tx((tx) => setBackfillStatus(tx, 'u', 'in_progress'))
  expect(await readProfile(db, 'u')).toEqual({ userId: 'u', plan: 'free', backfillStatus: 'in_progress', backfillCompletedAt: null })
  await db.tx((tx) => setPlan(tx, 'u', 'pro'))
  await db.tx((tx) => setBackfillStatus(tx, 'u', 'completed'))
  const completed = await readProfile(db, 'u')
  expect(completed).toMatchObject({ plan: 'pro', backfillStatus: 'completed', backfillCompletedAt: expect.any(Date) })
  await db.tx((tx) => setBackfillStatus(tx, 'u', 'completed_with_errors'))
  expect(await readProfile(db, 'u')).toEqual({ ...completed, backfillStatus: 'completed_with_errors' })
})

test('a state works once, not after its time, and is not stored itself', async () => {
  const state: OauthState = { userId: 'u', platform: 'etsy', shopId: null, currency: null, verifier: 'sealed' }
  const begin = (text: string, seconds: number) => db.tx((tx) => saveState(tx, text, state, seconds))
  const take = (text: string) => db.tx((tx) => takeState(tx, stateHash(text)))
  const read = (text: string) => readState(db, stateHash(text))
  expect((await begin('a state', 60)).getTime()).toBeGreaterThan(Date.now() + 50_000)
  await begin('an old one', -1)
  expect(JSON.stringify(await db.query('select * from commerce.oauth_states'))).not.toContain('a state')
  expect([await read('forged'), await take('forged'), await take('an old one')]).toEqual([undefined, undefined, undefined])
  expect(await read('an old one')).toMatchObject({ isOpen: true, isExpired: true })
  const taken = await Promise.all([1, 2].map(() => take('a state')))
  expect(taken.filter(Boolean)).toEqual([state])
  expect(await db.query(`select 1 from commerce.oauth_states where verifier is not null and taken_at is not null`)).toEqual([])
  expect(await read('a state')).toMatchObject({ isOpen: false, isExpired: false, isInterrupted: false, refused: null, accountIds: [] })
  await db.query(`update commerce.oauth_states set taken_at = taken_at - interval '3 minutes' where taken_at is not null`)
  expect(await read('a state')).toMatchObject({ isInterrupted: true })
  await db.tx((tx) => endState(tx, stateHash('a state'), { accountIds: [account] }))
  expect(await read('a state')).toMatchObject({ accountIds: [account] })
})

/** The newest operation that a task started. */
async function operationOf(accountId: string, window: string): Promise<BulkOperation | undefined> {
  const [row] = await db.query<BulkOperation>(
    `select account_id as "accountId", operation_id as "operationId", entity, "window", status, error_code as "errorCode",
            object_count as "objectCount", root_object_count as "rootObjectCount", file_size as "fileSize"
       from commerce.bulk_operations where account_id = $1 and "window" = $2 order by created_at desc limit 1`,
    [accountId, window],
  )
  return row
}

test('an operation is found by the task that started it, as Shopify last described it', async () => {
  const started: BulkOperation = {
    ...{ accountId: account, operationId: 'gid://shopify/BulkOperation/1', entity: 'orders', window: 'orders/2026', status: 'created' },
    ...{ errorCode: null, objectCount: null, rootObjectCount: null, fileSize: null },
  }
  expect(await operationOf(account, 'orders/2026')).toBeUndefined()
  await db.tx((tx) => saveOperation(tx, started))
  await db.tx((tx) => saveOperation(tx, { ...started, operationId: 'gid://shopify/BulkOperation/2' }))
  const now = {
    ...started,
    operationId: 'gid://shopify/BulkOperation/2',
    status: 'completed',
    objectCount: 7n,
    rootObjectCount: 2n,
    fileSize: 900n,
  }
  await db.tx((tx) => saveOperation(tx, now))
  expect(await operationOf(account, 'orders/2026')).toEqual(now)
})

test('lines are kept once and joined to their roots, wherever they came in the file', async () => {
  const line = (number: number, objectId: string | null, parentId: string | null): BulkLine => ({
    line: number,
    objectId,
    parentId,
    content: { number },
  })
  const lines = [
    line(0, 'child', 'b'),
    line(1, 'a', null),
    line(2, 'grandchild', 'child'),
    line(3, 'b', null),
    line(4, null, 'b'),
    line(5, 'lost', 'nowhere'),
    line(6, 'c', null),
  ]
  const stage = (some: BulkLine[]) => db.tx((tx) => stageLines(tx, account, 'op', some))
  expect(await stage(lines.slice(0, 4))).toBe(4)
  expect(await stage(lines)).toBe(3)
  await db.tx((tx) => stageLines(tx, account, 'another', [line(0, 'x', 'b')]))
  expect(await countLines(db, account, 'op')).toEqual({ lines: 7, roots: 3, orphans: 1 })
  const first = await readRoots(db, account, 'op', -1, 2)
  expect(first.map(({ line, below }) => [line, below.map(({ content }) => content)])).toEqual([
    [1, []],
    [3, [{ number: 0 }, { number: 4 }, { number: 2 }]],
  ])
  expect(await readRoots(db, account, 'op', 3, 2)).toEqual([{ line: 6, content: { number: 6 }, below: [] }])
  expect(await db.tx((tx) => deleteLines(tx, account, 'op', 5))).toBe(5)
  expect(await db.tx((tx) => deleteLines(tx, account, 'op', 5))).toBe(2)
  expect(await countLines(db, account, 'another')).toMatchObject({ lines: 1, orphans: 1 })
})

test('what is missing of a job: entities of shops connected since, and the end of entities that left a doubt; not what was read', async () => {
  const connect = (shopId: string) =>
    db.tx((tx) =>
      saveAccount(tx, {
        ...{ userId: 'anna', platform: 'printify', shopId, name: shopId, currency: 'EUR', scopes: [], shopCreatedAt: null },
        credentialId: `printify/${shopId}`,
      }),
    )
  const settings = defaultsOf(commerce)
  const first = await connect('1')
  const params = await prepare(db, commerce.params.parse({ userId: 'anna' }), settings as Parameters<typeof prepare>[2])
  const id = randomUUID()
  await db.tx(async (tx) => commerce.started?.(tx, { id, params, run: 1 }))
  expect(await missing.plan?.(db, { id, params }, settings)).toMatchObject({ tasks: [] })
  await db.tx((tx) => endSyncJob(tx, { jobId: id, accountId: first, entity: 'orders' }, { status: 'completed', reason: 'no total' }))
  const second = await connect('2')
  const found = await missing.plan?.(db, { id, params }, settings)
  const keys = found?.tasks.map(({ stream, lane, again }) => `${stream} ${lane} ${again}`)
  expect(keys).toEqual([
    'printify_end printify/1 true',
    ...['orders', 'products'].flatMap((entity) => [`printify_${entity} printify/2 true`, 'printify_end printify/2 true']),
  ])
  expect(found?.params).toMatchObject({ prepared: { to: params.prepared?.to, accounts: [{ id: first }, { id: second }] } })
  await db.tx(async (tx) => commerce.started?.(tx, { id, params: found?.params as never, run: 2 }))
  expect((await readParts(db, id)).get(`${second} orders`)).toBe('queued')
})
