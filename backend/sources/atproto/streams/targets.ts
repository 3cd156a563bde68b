import { Fatal } from '../../../base/errors'
import type { Io } from '../../../contract'
import type { AtprotoParams } from '../params'
import { collectionsToBackfill } from '../store-lexicons'

/** The collections a job is about. @throws {Fatal} `no_lexicons` when it is about all lexicons, and there are none */
export async function targetsOf({ collection }: AtprotoParams, io: Io): Promise<string[]> {
  if (collection !== undefined) return [collection]
  const all = await collectionsToBackfill(io.held)
  if (all.length > 0) return all
  throw new Fatal('no_lexicons', 'no uploaded record lexicon asks for a backfill: name a collection, or POST /admin/lexicons first')
}
