import * as jobs from '../../backend/engine/jobs/verbs'
import { type SandboxOptions, startSandbox } from '../../backend/sandbox/server'
import { atproto } from '../../backend/sources/atproto'
import { differences } from './atproto'
import { sandboxed } from './sandboxed'
import type { Suite } from './suite'
import type { Sandbox } from './system'

export type TrueRepo = ReturnType<Sandbox['atproto']['repos']>[number]

/** A network in the sandbox, a database of its own and a worker that reads it. */
export interface AtprotoWorld {
  sandbox: Sandbox
  suite: Suite
  /** Everything as in the beginning. */
  fresh(): Promise<void>
  start(request: object): Promise<string>
  reportOf(job: string): ReturnType<typeof jobs.report>
  /** Starts a job, waits for its end and returns its report. */
  backfill(request: object): ReturnType<typeof jobs.report>
  /** Uploads record lexicons that hold nobody to anything. */
  upload(...collections: string[]): Promise<void>
  /** What the rows and the truth differ in, in words. */
  wrong(...collections: string[]): Promise<string[]>
  /** Active repos with at least two records of each of these collections. */
  repos(...collections: string[]): [TrueRepo, TrueRepo, TrueRepo]
  /** What is noted of a repo, by collection. */
  synced(did: string): Promise<Record<string, { rev: string; records: number }>>
  /** A host's answer to this method for this repo, in place of its own. */
  answers(method: string, repo: Pick<TrueRepo, 'did' | 'host'>, status: number, body: unknown): void
  close(): Promise<void>
}

export async function atprotoWorld(options: SandboxOptions = {}, attempts = 2): Promise<AtprotoWorld> {
  const sandbox = await startSandbox({ scale: 1, speed: 200, seed: 5, repos: 20, pdses: 4, oddities: false, ...options })
  const suite = await sandboxed(atproto, sandbox)
  await suite.worker({ attempts })
  const start = (request: object) => suite.startJob(atproto, request, { force: true })
  return {
    sandbox,
    suite,
    start,
    async fresh() {
      sandbox.reset()
      await suite.db.tx((tx) =>
        tx.query(
          'truncate atproto.records, atproto.repos, atproto.lexicons, atproto.relay_cursors, backhaul.jobs, backhaul.gates, backhaul.rejects cascade',
        ),
      )
    },
    reportOf: (job) => jobs.report(suite, job),
    async backfill(request) {
      const id = await start(request)
      await suite.ended(id, 90_000)
      return await jobs.report(suite, id)
    },
    async upload(...collections) {
      for (const id of collections)
        await suite.db.query(`insert into atproto.lexicons (id, type, backfill, document) values ($1, 'record', true, '{}')`, [id])
    },
    wrong: async (...collections) => await differences(suite.db, await sandbox.atproto.truth(collections)),
    repos: (...collections) =>
      sandbox.atproto
        .repos()
        .filter(({ state, collections: counts }) => state === 'active' && collections.every((one) => (counts[one] ?? 0) > 1)) as never,
    async synced(did) {
      const [row] = await suite.db.query<{ synced: never }>('select synced from atproto.repos where did = $1', [did])
      return row?.synced ?? {}
    },
    answers(method, { did, host }, status, body) {
      const match = `${method}.*${did.split(':').at(-1)}`
      const headers = { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' }
      sandbox.fault({
        name: 'status',
        api: 'pds',
        host,
        status,
        match,
        headers,
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
    },
    async close() {
      await suite.close()
      await sandbox.close()
    },
  }
}
