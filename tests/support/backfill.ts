import { deploy } from '../../backend/migrate'
import { startSandbox } from '../../backend/sandbox/server'
import { oncePerRun } from './once'
import { size } from './size'
import { type Process, type Sandbox, type Services, type System, system, tables } from './system'
import { until } from './until'

/** In every killmail of the sandbox's world. */
export const CHARACTER = 2117325769
export const ENRICHERS = ['worker-esi-character', 'worker-esi-corporation', 'worker-esi-alliance', 'worker-esi-type']
/** Killmails of the character; a page has 200 of them. */
export const KILLMAILS = size(800, 1500)

/** One backfill with its enrichment, told once a run without faults, and in each story with one. */
export interface Story {
  sandbox: Sandbox
  /** A system on a database of its own; nothing runs yet. */
  fresh(services?: Services): Promise<System>
  /** The scheduler, the enrichers and `backfills` workers of the backfill queue. */
  startAll(it: System, backfills?: number): Promise<Process[]>
  /** Waits for the job and its enrichment, then expects the tables of the undisturbed run and no broken limit. */
  endsAsIfUndisturbed(it: System, job: string): Promise<void>
  close(): Promise<void>
}

export async function backfillStory(): Promise<Story> {
  const sandbox = await startSandbox({ scale: KILLMAILS, speed: 25, seed: 7, oddities: false, bigAttackers: 40 })
  const limits = { ...sandbox.limits, esi: { requests: 1000, perMs: 1000 } }

  const systems: System[] = []
  const story: Omit<Story, 'endsAsIfUndisturbed'> = {
    sandbox,
    async fresh(services) {
      sandbox.reset()
      if (services) await deploy(services.directDatabaseUrl ?? services.databaseUrl)
      const it = await system({ sandbox, limits, services })
      systems.push(it)
      return it
    },
    startAll: (it, backfills = 1) =>
      Promise.all([
        it.scheduler(),
        it.start('tests/support/workers.js', ENRICHERS),
        ...Array.from({ length: backfills }, () => it.worker('worker-backfill')),
      ]),
    async close() {
      await Promise.all(systems.map((one) => one.close()))
      await sandbox.close()
    },
  }

  const undisturbed = await oncePerRun('undisturbed', 'the undisturbed run', async () => {
    const it = await story.fresh()
    return await story
      .startAll(it)
      .then(async () => settled(it, await it.queueCharacter(CHARACTER)))
      .then(() => tables(it.db))
      .finally(() => it.close())
  })
  if (undisturbed.killmails?.rows !== KILLMAILS)
    throw new Error(`the undisturbed run stored ${undisturbed.killmails?.rows} of ${KILLMAILS} killmails`)

  return {
    ...story,
    async endsAsIfUndisturbed(disturbed, job) {
      await settled(disturbed, job)
      expect(await tables(disturbed.db)).toEqual(undisturbed)
      expect(sandbox.violations().last).toEqual([])
    },
  }
}

async function settled(it: System, job: string): Promise<void> {
  const end = await it.ended(job, 120_000)
  if (end !== 'completed')
    throw new Error(
      `the job is ${end}: ${JSON.stringify(await it.db.query('select key, state, error from backhaul.tasks'), (_, v) => (String(v) === '[object Object]' || Array.isArray(v) ? v : String(v)))}`,
    )
  await until(async () => (await it.db.query('select 1 from backhaul.lookups where asked > answered limit 1')).length === 0, {
    timeoutMs: 90_000,
    what: 'the enrichment',
  })
}
