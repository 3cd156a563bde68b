import fc from 'fast-check'
import type { Db } from '../../backend/database/db'
import { ownDatabase } from '../support/database'

let db: Db
ownDatabase(
  (open) => {
    db = open
  },
  { name: 'values', max: 1 },
)

/** PostgreSQL's text holds any character but NUL, and no half of a pair. */
const text = fc
  .oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', ',', ' ', '\n', '\t', "'", 'a') }),
    fc.constantFrom('', 'NULL', 'null', '{}'),
  )
  .filter((one) => !one.includes('\0'))
const arrays = fc.record({
  texts: fc.array(fc.option(text)),
  ids: fc.array(fc.option(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))),
  counts: fc.array(fc.option(fc.integer())),
  reals: fc.array(fc.option(fc.double())),
  flags: fc.array(fc.option(fc.boolean())),
})
const ECHO = 'select $1::text[] as texts, $2::int8[]::text[] as ids, $3::int4[] as counts, $4::float8[] as reals, $5::bool[] as flags'

test('the elements of every array arrive as they were sent', async () => {
  await fc.assert(
    fc.asyncProperty(arrays, async (sent) => {
      const [row] = await db.query<Record<string, unknown[]>>(ECHO, [sent.texts, sent.ids, sent.counts, sent.reals, sent.flags])
      const reals = sent.reals.map((one) => (Object.is(one, -0) ? 0 : one))
      expect({ ...row, reals: row?.reals?.map((one) => (Object.is(one, -0) ? 0 : one)) }).toEqual({
        ...sent,
        ids: sent.ids.map((one) => (one === null ? null : String(one))),
        reals,
      })
    }),
    { numRuns: 100 },
  )
})

test('so do elements that the driver converts: dates, objects, bytes and arrays, also among others', async () => {
  const at = new Date('2026-01-02T03:04:05.678Z')
  const [row] = await db.query<Record<string, unknown>>(
    `select ($1::timestamptz[])[2] as at, ($2::jsonb[])[1] as json, ($3::bytea[])[1] as bytes, ($4::int[])[2][1] as inner, $5::text[] as empty`,
    [[null, at], [{ a: '"\\' }], [Buffer.from('ab')], [[1], [2]], [undefined, 'a']],
  )
  expect(row).toEqual({ at, json: { a: '"\\' }, bytes: Buffer.from('ab'), inner: 2, empty: [null, 'a'] })
})
