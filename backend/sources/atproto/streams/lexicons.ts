import type { Io, Reject } from '../../../contract'
import { validators } from '../lexicons'
import { isReject, type Row, rejectOf } from '../records'
import type { RepoStep } from './repo-page'

/** Rejects a record that does not fit; passes the others on. */
export type Check = (record: Row | Reject) => Row | Reject

/** What a job's records are held to, where it asks for that. */
export async function checkOf({ params }: RepoStep, io: Io): Promise<Check> {
  if (!params.validate) return (record) => record
  const faultOf = await validators(io.held)
  return (record) => {
    if (isReject(record)) return record
    const fault = faultOf(record, JSON.parse(record.json))
    return fault === undefined ? record : rejectOf(record.uri, 'lexicon', fault, { cid: record.cid, value: JSON.parse(record.json) })
  }
}
