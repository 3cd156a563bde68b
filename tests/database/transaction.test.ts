import { Client } from 'pg'
import { type Db, openDb } from '../../backend/database/db'
import { databaseOf } from '../../backend/database/url'
import { ownDatabase } from '../support/database'

let url: string
let db: Db
ownDatabase(
  async (open, at) => {
    db = open
    url = at
    await db.query('create table public.t (id int primary key, other int references public.t deferrable initially deferred)')
  },
  { name: 'transaction', max: 2 },
)
beforeEach(() => db.tx((tx) => tx.query('truncate public.t')))

const held = async () => (await db.query<{ id: number }>('select id from public.t order by id')).map(({ id }) => id)
const insert = 'insert into public.t (id) values ($1) returning id'
const inTransaction = `select pg_current_xact_id_if_assigned() is not null as writes, now() as began`

/** How many times a connection sends its statements off and waits. */
async function trips(work: () => Promise<unknown>): Promise<number> {
  const spy = jest.spyOn(Client.prototype, 'query')
  try {
    await work()
    return spy.mock.calls.length
  } finally {
    spy.mockRestore()
  }
}

test('the first statement begins the transaction and the last one commits it: as many trips as statements', async () => {
  await db.tx((tx) => tx.query(insert, [0]))
  const three = await trips(() =>
    db.tx(async (tx, end) => {
      expect(await tx.query(insert, [1])).toEqual([{ id: 1 }])
      expect(await tx.query(inTransaction)).toMatchObject([{ writes: true }])
      expect(await end(insert, [2])).toEqual([{ id: 2 }])
    }),
  )
  expect(three).toBe(3)
  expect(await trips(() => db.tx((_, end) => end(insert, [3])))).toBe(1)
  expect(await held()).toEqual([0, 1, 2, 3])
})

test('all statements see the transaction of the first, also without values, and without rows', async () => {
  await db.tx(async (tx) => {
    const [first] = await tx.query<{ began: Date }>(inTransaction)
    await tx.query('insert into public.t values (1)')
    expect(await tx.query(inTransaction)).toMatchObject([{ began: first?.began, writes: true }])
    expect(await tx.query('update public.t set id = 2 where id = $1', [1])).toEqual([])
  })
  await db.tx(async (tx) => {
    expect(await tx.query('update public.t set id = 3 where id = 2')).toEqual([])
  })
  expect(await held()).toEqual([3])
})

describe('nothing is committed', () => {
  test.each([
    ['when the first statement cannot be planned', 'select nothing from nowhere where 1 = $1', [1], '42P01'],
    ['when the first statement fails', insert, ['no number'], '22P02'],
  ])('%s, and the connection goes on', async (_, sql, values, code) => {
    for (let n = 0; n < 2; n++) {
      await expect(db.tx((tx) => tx.query(sql, values))).rejects.toMatchObject({ code })
      await expect(db.tx((__, end) => end(sql, values))).rejects.toMatchObject({ code })
      await expect(
        db.tx(async (tx, end) => {
          await tx.query(insert, [7])
          await end(sql, values)
        }),
      ).rejects.toMatchObject({ code })
    }
    await db.tx((tx) => tx.query(insert, [8]))
    expect(await held()).toEqual([8])
  })

  test('when a value cannot be sent; a connection that no longer knows the statement is used no more', async () => {
    const unsendable = {
      toPostgres() {
        throw new Error('cannot be sent')
      },
    }
    await expect(db.tx((tx) => tx.query(insert, [unsendable]))).rejects.toThrow('cannot be sent')
    await expect(db.tx((_, end) => end(insert, [1]))).rejects.toMatchObject({ code: '26000' })
    await db.tx((_, end) => end(insert, [2]))
    expect(await held()).toEqual([2])
  })

  test('when the work throws after a statement, or before any', async () => {
    const fail = (first: boolean) =>
      db.tx(async (tx) => {
        if (first) await tx.query(insert, [1])
        throw new Error('changed its mind')
      })
    await expect(fail(true)).rejects.toThrow('changed its mind')
    await expect(fail(false)).rejects.toThrow('changed its mind')
    expect(await held()).toEqual([])
  })

  test('when the commit itself is refused', async () => {
    const missing = 'insert into public.t values ($1, $2)'
    await expect(db.tx((_, end) => end(missing, [1, 2]))).rejects.toMatchObject({ code: '23503' })
    await expect(db.tx((tx) => tx.query(missing, [1, 2]))).rejects.toMatchObject({ code: '23503' })
    expect(await held()).toEqual([])
  })

  test('when the connection is lost under the last statement; the next transaction has another one', async () => {
    const die = 'select pg_terminate_backend(pg_backend_pid()), $1::int'
    await expect(
      db.tx(async (tx, end) => {
        await tx.query(insert, [1])
        await end(die, [1])
      }),
    ).rejects.toThrow()
    await db.tx((tx) => tx.query(insert, [2]))
    expect(await held()).toEqual([2])
  })
})

test('a statement after the last one is a fault of ours, and is told', async () => {
  const late = db.tx(async (tx, end) => {
    await end(insert, [1])
    await tx.query(insert, [2])
  })
  await expect(late).rejects.toThrow('A statement came after the last one of its transaction.')
  expect(await held()).toEqual([1])
})

test('no statement is compiled, however large the planner takes tables without statistics to be', async () => {
  await db.query(`alter database ${databaseOf(url)} set jit_above_cost = 0`)
  const fresh = openDb(url, { name: 'fresh', max: 1 })
  const [row] = await fresh.query<{ 'QUERY PLAN': object }>('explain (analyze, format json) select count(*) from backhaul.tasks')
  await fresh.close()
  expect(row?.['QUERY PLAN']).not.toMatchObject([{ JIT: expect.anything() }])
})

test('a deadlock runs the whole work again', async () => {
  await db.query('insert into public.t values (1), (2)')
  const bump = 'update public.t set other = id where id = $1'
  let runs = 0
  const both: (() => void)[] = []
  const met = new Promise<void>((resolve) => both.push(resolve))
  let there = 0
  const cross = (a: number, b: number) =>
    db.tx(async (tx, end) => {
      runs++
      await tx.query(bump, [a])
      if (++there === 2) both[0]?.()
      await met
      await end(bump, [b])
    })
  // After the longest pause before a repeat, the other one has what it waited for; after none, both may meet again.
  const pause = jest.spyOn(Math, 'random').mockReturnValue(0.999)
  try {
    await Promise.all([cross(1, 2), cross(2, 1)])
  } finally {
    pause.mockRestore()
  }
  expect(runs).toBe(3)
})
