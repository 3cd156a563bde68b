import { PrismaPg } from '@prisma/adapter-pg'
import type { Pool, QueryArrayConfig, QueryArrayResult } from 'pg'
import { PrismaClient } from '../generated/prisma/client'

/*
 * Prisma Client on the connections of our pool, so that its statements get the same session settings, timeouts and treatment of lost
 * connections as all others. It runs single statements: a transaction needs its own connection, and a client for each would compile
 * the schema each time. A column's default `now()` would be this machine's clock, so a new row gets `databaseTime`.
 */

/** Runs one statement on a connection that is set up. */
export type RunStatement = (statement: QueryArrayConfig) => Promise<QueryArrayResult>

/** Carries an error past the adapter, which would translate the driver's own. */
class FromDriver extends Error {}

/** A pool as the adapter wants it, which only runs single statements. */
const single = (pool: Pool, run: RunStatement): Pool =>
  Object.create(pool, {
    query: {
      value: async (statement: QueryArrayConfig) => {
        try {
          return await run(statement)
        } catch (error) {
          throw new FromDriver('The driver failed.', { cause: error })
        }
      },
    },
    connect: { value: () => Promise.reject(new Error('Prisma Client runs single statements here; a transaction is db.tx.')) },
  })

/**
 * Makes the client. Its errors are the driver's, with SQLSTATE in `code`, as those of `db.query`. The secret of a webhook is read only
 * where it is asked for by name.
 */
export function modelsOn(pool: Pool, run: RunStatement) {
  const client = new PrismaClient({
    adapter: new PrismaPg(single(pool, run)),
    errorFormat: 'minimal',
    omit: { webhook: { secret: true } },
  })
  return client.$extends({
    query: {
      async $allOperations({ args, query }) {
        try {
          return await query(args)
        } catch (error) {
          throw error instanceof FromDriver ? error.cause : error
        }
      },
    },
  })
}

type Client = ReturnType<typeof modelsOn>

/** The tables, by the names of their models; without transactions and raw SQL, which are `db.tx` and `db.query`. */
export type Models = { [Name in keyof Client as Name extends `$${string}` ? never : Name]: Client[Name] }
