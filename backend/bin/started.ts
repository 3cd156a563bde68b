import type { Log } from '../base/log'
import { logUnreachable } from '../base/log-errors'
import type { Reader } from '../base/sql'
import { newWorkerId } from '../engine/heartbeat'
import { noteStart, noteStop } from '../engine/starts'

/**
 * Records the start of a process that sends no heartbeats.
 * @returns records its stop
 */
export async function started(db: Reader, log: Log, app: string, version: string): Promise<() => Promise<void>> {
  const id = newWorkerId()
  await noteStart(db, { id, app, version })
  return () => noteStop(db, id).catch((error: unknown) => logUnreachable(log, 'The stop could not be recorded', error))
}
