import fc from 'fast-check'
import { Client } from 'pg'
import type { Db } from '../../backend/database/db'
import { DEADLOCK, ownDatabase } from '../support/database'

/* A transaction of a sequence is sent while the commit of the one before is on its way. */

let db: Db
ownDatabase(
  async (open) => {
    db = open
    await db.query('create table public.t (id int primary key, seen int, other int references public.t deferrable initially deferred)')
  },
  { name: 'sequence', max: 2 },
)
beforeEach(() => db.tx((tx) => tx.query('truncate public.t')))

const held = async () => (await db.query<{ id: number }>('select id from public.t order by id')).map(({ id }) => id)
const insert = 'insert into public.t select $1, count(*) from public.t returning seen, pg_backend_pid() as pid'
interface Row {
  seen: number
  pid: number
}

/** Calls `work` when the next transaction of the sequence sends its commit. */
function whenSent(work: () => void): void {
  const send = Client.prototype.query as (...args: unknown[]) => unknown
  const spy = jest.spyOn(Client.prototype, 'query') as unknown as jest.SpyInstance
  spy.mockImplementation(function (this: Client, ...args: unknown[]) {
    spy.mockRestore()
    const answer = send.apply(this, args)
    work()
    return answer
  })
}

test('each sees what the one before has written, on the same connection, and is sent before that one is answered', async () => {
  const sequence = db.sequence()
  const order: string[] = []
  const first = sequence.tx(async (tx, end) => {
    await tx.query(insert, [1])
    whenSent(() => order.push('first sent'))
    const [row] = await end<Row>(insert, [2])
    order.push('first answered')
    return row
  })
  const second = sequence.tx(async (tx, end, inOrder) => {
    order.push('second begins')
    const [row] = await tx.query<Row>(insert, [3])
    await inOrder()
    await end(insert, [4])
    return row
  })
  const rows = [await first, await second]
  expect(rows.map((row) => row?.seen)).toEqual([1, 2])
  expect(rows[0]?.pid).toBe(rows[1]?.pid)
  expect(order).toEqual(['first sent', 'second begins', 'first answered'])
  expect(await held()).toEqual([1, 2, 3, 4])
})

test('nothing of it is committed where the one before fails with its last statement, and it has that error', async () => {
  const sequence = db.sequence()
  const first = sequence.tx(async (tx, end) => {
    await tx.query(insert, [1])
    await end(insert, [1])
  })
  const statements: Promise<unknown>[] = []
  const second = sequence.tx(async (tx) => {
    statements.push(tx.query(insert, [2]))
    // Sent, or not, without waiting for the statement before.
    await first.catch(() => undefined)
    statements.push(tx.query(insert, [3]))
    await Promise.all(statements)
  })
  await expect(first).rejects.toMatchObject({ code: '23505' })
  await expect(second).rejects.toMatchObject({ code: '23505' })
  await Promise.allSettled(statements)
  expect(await held()).toEqual([])
  await db.sequence().tx((_, end) => end(insert, [5]))
  expect(await held()).toEqual([5])
})

test('nor where its commit is refused, or its connection is lost under it', async () => {
  for (const [last, values] of [
    ['insert into public.t (id, other) values ($1, 99)', [1]],
    ['select pg_terminate_backend(pg_backend_pid()), $1::int', [1]],
  ] as const) {
    const sequence = db.sequence()
    const first = sequence.tx((_, end) => end(last, values))
    const second = sequence.tx((_, end) => end(insert, [2]))
    const [one, two] = await Promise.allSettled([first, second])
    expect([one.status, two.status]).toEqual(['rejected', 'rejected'])
    expect(await held()).toEqual([])
  }
})

test('where a deadlock runs the one before again, it is run again after that', async () => {
  const sequence = db.sequence()
  let runs = 0
  const first = sequence.tx(async (tx, end) => {
    runs++
    await tx.query('insert into public.t values (101, $1)', [runs])
    await end(runs === 1 ? DEADLOCK : 'insert into public.t values (102, 2)')
  })
  const second = sequence.tx(async (tx, end) => {
    await tx.query(insert, [1])
    await end(insert, [2])
  })
  await Promise.all([first, second])
  expect(runs).toBe(2)
  expect(await db.query('select distinct seen from public.t where id > 100')).toEqual([{ seen: 2 }])
  expect(await held()).toEqual([1, 2, 101, 102])
})

test('whatever fails, what is committed is a beginning of the sequence, and the rest is told', async () => {
  const faults = fc.array(fc.constantFrom('none', 'none', 'none', 'first', 'last', 'commit', 'throws', 'lost'), {
    minLength: 1,
    maxLength: 6,
  })
  await fc.assert(
    fc.asyncProperty(faults, fc.boolean(), async (all, waits) => {
      await db.tx((tx) => tx.query('truncate public.t'))
      const sequence = db.sequence()
      const one = (fault: string, n: number) =>
        sequence.tx(async (tx, end, inOrder) => {
          await tx.query(fault === 'first' ? 'insert into public.t values ($1), ($1)' : insert, [2 * n])
          if (fault === 'throws') throw new Error('changed its mind')
          if (waits) await inOrder()
          if (fault === 'lost') await end('select pg_terminate_backend(pg_backend_pid()), $1::int', [n])
          else if (fault === 'commit') await end('insert into public.t (id, other) values ($1, -1)', [2 * n + 1])
          else await end(insert, [fault === 'last' ? 2 * n : 2 * n + 1])
        })
      // As the engine calls them: each while the one before is under way, and none after one that failed.
      const ends: Promise<boolean>[] = []
      for (const [n, fault] of all.entries()) {
        ends.push(
          one(fault, n).then(
            () => true,
            () => false,
          ),
        )
        if (n > 0 && !(await ends[n - 1])) break
      }
      const told = await Promise.all(ends)
      const good = all.findIndex((fault) => fault !== 'none')
      const expected = good < 0 ? all.length : good
      expect(told.filter((is) => is)).toHaveLength(expected)
      expect(await held()).toEqual(Array.from({ length: 2 * expected }, (_, id) => id))
    }),
    { numRuns: 40 },
  )
})
