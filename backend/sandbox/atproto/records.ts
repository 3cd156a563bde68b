import * as CID from '@atcute/cid'
import { cidOf, encodeRecord } from './encoding'
import type { Register } from './register'
import type { Entry, SandboxRecord } from './shapes'
import { recordValue } from './values'

/** A record as listRecords has it. */
export async function recordOf(register: Register, k: number, collection: string, entry: Entry): Promise<SandboxRecord> {
  const { world } = register
  const value = recordValue(world.options.seed, k, collection, entry)
  const bytes = encodeRecord(value, entry.odd)
  return { uri: `at://${world.didOf(k)}/${collection}/${entry.rkey}`, cid: CID.toString(await cidOf(bytes)), value, bytes }
}

/** Lets another arrival be noted when it comes. @param n how far a long work is */
export const breathe = (n: number): Promise<void> | undefined => (n % 50 === 49 ? new Promise(setImmediate) : undefined)
